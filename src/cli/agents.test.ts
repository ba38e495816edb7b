import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ROLES } from '../tasks';
import { compareOrder } from './agents';
import { planTraining } from './agents-plan';

const row = (minus: string, difference: number, low: number, high: number) => ({
  ...{ kind: 'difference', arm: 'team', minus, difference, low, high },
});

describe('the order of a quick run', () => {
  const whole = [row('solver', 0.02, 0.01, 0.03), row('critic', -0.001, -0.005, 0.002)];

  test('is the same where the team is ahead of the same ones, ties left aside', () => {
    const quick = [row('solver', 0.001, -0.01, 0.02), row('critic', 0.004, 0, 0.01)];
    assert.equal(compareOrder(quick, whole), 0);
  });

  test('is another where it is not ahead, or was not measured', () => {
    assert.equal(compareOrder([row('solver', 0, -0.01, 0.01)], whole), 1);
    assert.equal(compareOrder([], whole), 1);
  });
});

describe('the plan of the trainings', () => {
  test('has the same recipe for every role, the solver first', () => {
    const runs = planTraining();
    assert.equal(runs[0]?.role, 'solver');
    assert.deepEqual([...new Set(runs.map(({ role }) => role))], [...ROLES]);
    const recipes = runs.map(({ r, alpha, steps, learningRate }) => [
      r,
      alpha,
      steps,
      learningRate,
    ]);
    assert.equal(new Set(recipes.map(String)).size, 1);
    assert.equal(new Set(runs.map(({ role, seed }) => `${role} ${seed}`)).size, runs.length);
  });
});
