import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { drawProblems, ROLES } from '../../course/task';
import type { TrainingMessage } from '../measure';
import { compareOrder } from './agents';
import { type AgentTraining, planTraining } from './agents-plan';
import { trainRole } from './agents-train-run';

const row = (minus: string, difference: number, low: number, high: number) => ({
  kind: 'difference',
  arm: 'team',
  minus,
  difference,
  low,
  high,
});

describe('the order of a quick run', () => {
  const whole = [row('solver', 0.02, 0.01, 0.03), row('critic', -0.001, -0.005, 0.002)];

  test('agrees if the team is ahead of the same arms, ties ignored', () => {
    const quick = [row('solver', 0.001, -0.01, 0.02), row('critic', 0.004, 0, 0.01)];
    assert.equal(compareOrder(quick, whole), 0);
  });

  test('differs if the team is not ahead, or an arm was not measured', () => {
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

describe('a training', () => {
  test('reports every step, saves the adapter, then reports a row', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'agents-'));
    try {
      const hardFile = path.join(folder, 'hard.json');
      const hard = drawProblems({ split: 'train', seed: 3, count: 2 });
      writeFileSync(hardFile, JSON.stringify(hard));
      const run: AgentTraining = { ...(planTraining()[1] as AgentTraining), steps: 2, seed: 7 };
      const messages: TrainingMessage[] = [];
      await trainRole(run, { command: 'test', folder, hardFile }, (one) => messages.push(one));
      const [first, second, last] = messages;
      assert.ok(first && 'step' in first && second && 'step' in second);
      assert.ok(last && 'row' in last && messages.length === 3);
      const { role, seed, hard: count, rows, validationLoss } = last.row;
      assert.deepEqual([role, seed, count, rows], ['critic', 7, 2, 4006]);
      assert.ok((validationLoss as number) > 0.5);
      assert.ok(existsSync(path.join(folder, 'critic-7', 'adapter_model.safetensors')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
