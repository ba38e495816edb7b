import {
  answerFrom,
  chooseVerdict,
  runTeam,
  type Team,
  type Trace,
  type TraceStep,
  type AgentSetup,
  type WritingOptions,
} from '../../course/agents';
import { checkSolver, drawProblems, type Problem, type Role, ROLES } from '../../course/task';
import { type Interval, pairedDifference, wilson } from '../../course/measure';
import { round } from '../measure';
import { ALONE, TEAM, TESTS } from './agents-plan';

/** The result of one team on the test problems. */
export interface ArmResult {
  kind: 'arm';
  arm: string;
  attempts: number;
  temperature: number;
  problems: number;
  exactMatch: number;
  low: number;
  high: number;
  /** tokens through the model per problem, by role and in total */
  tokens: Partial<Record<Role, number>>;
  tokensInAll: number;
}

/** The difference of two arms in the share of problems solved, on the same problems. */
export interface DifferenceResult {
  kind: 'difference';
  arm: string;
  minus: string;
  difference: number;
  low: number;
  high: number;
}

interface Arm {
  name: string;
  attempts: number;
  temperature: number;
  traces: readonly Trace[];
  roles: readonly Role[];
}

/**
 * Measures every team on problems of the test set. Vote, critic and whole team use the same attempts
 * of the solver. The control is the solver alone with a vote over as many attempts as fit into the
 * team's tokens, rounded up.
 */
export async function measureAgents(
  setup: AgentSetup,
  count: number,
  onDone: (arm: string) => void,
): Promise<(ArmResult | DifferenceResult)[]> {
  const problems = drawProblems({ split: 'test', seed: TESTS.seed, count });
  const questions = problems.map(({ question }) => question);
  const run = (arm: string, team: Team, writing: WritingOptions) =>
    runTeam(questions, team, answerFrom(setup, writing), { onDone: () => onDone(arm) });
  const { attempts, temperature } = TEAM;

  const greedy = await run('alone', { attempts: 1, roles: ['solver'] }, {});
  const team = await run('team', { attempts }, { temperature, seed: 1_000_000 });
  const stepsOf = (traces: readonly Trace[]) => traces.flatMap(({ steps }) => steps);
  const price = tokensOf(stepsOf(team)) / tokensOf(stepsOf(greedy));
  const control = { attempts: Math.ceil(price), roles: ['solver'] as const };
  const alone = await run('control', control, { ...ALONE, seed: 2_000_000 });

  const sampled = { attempts, temperature, traces: team };
  const arms: Arm[] = [
    { name: 'solver', attempts: 1, temperature: 0, traces: greedy, roles: ['solver'] },
    { name: 'solver, vote', ...sampled, roles: ['solver'] },
    { name: 'solver, vote, equal tokens', ...control, ...ALONE, traces: alone },
    { name: 'solver + critic', ...sampled, roles: ['solver', 'critic'] },
    { name: 'solver + critic + reviser', ...sampled, roles: ROLES },
  ];
  const right = arms.map((arm) => judgeArm(arm, problems));
  const whole = right.at(-1) ?? [];
  return [
    ...arms.map((arm, i) => armResult(arm, right[i] ?? [])),
    ...arms.slice(0, -1).map((arm, i): DifferenceResult => {
      const { difference, interval } = pairedDifference(whole, right[i] ?? [], TESTS.seed);
      const [low, high] = interval.map(share) as Interval;
      const names = { arm: arms.at(-1)?.name ?? '', minus: arm.name };
      return { kind: 'difference', ...names, difference: share(difference), low, high };
    }),
  ];
}

/** Whether the verdict of an arm's roles solves each problem. */
function judgeArm({ traces, roles }: Arm, problems: readonly Problem[]): boolean[] {
  return traces.map(({ steps }, i) => {
    const verdict = chooseVerdict(steps, roles);
    return verdict !== null && checkSolver(problems[i] as Problem, verdict.text).ok;
  });
}

function tokensOf(steps: readonly TraceStep[]): number {
  return steps.reduce((sum, { tokens: { read, written } }) => sum + read + written, 0);
}

function armResult(arm: Arm, right: readonly boolean[]): ArmResult {
  const { name, attempts, temperature, traces, roles } = arm;
  const solved = right.filter(Boolean).length;
  const [low, high] = wilson(solved, right.length).map(share) as Interval;
  const perProblem = (whose: readonly Role[]) => {
    const inAll = traces.flatMap(({ steps }) => countedSteps(steps, roles));
    const own = inAll.filter(({ role }) => whose.includes(role));
    return round(tokensOf(own) / right.length, 1);
  };
  return {
    kind: 'arm',
    arm: name,
    attempts,
    temperature,
    problems: right.length,
    exactMatch: share(solved / right.length),
    low,
    high,
    tokens: Object.fromEntries(roles.map((role) => [role, perProblem([role])])),
    tokensInAll: perProblem(roles),
  };
}

/** Keeps the steps of the given roles about steps of the given roles: no critique of a missing reviser. */
function countedSteps(steps: readonly TraceStep[], roles: readonly Role[]): TraceStep[] {
  const isIn = (step?: TraceStep) => step === undefined || roles.includes(step.role);
  return steps.filter((step) => isIn(step) && isIn(steps[step.about ?? -1]));
}

/** Rounds a share for a row. */
function share(value: number): number {
  return round(value, 4);
}
