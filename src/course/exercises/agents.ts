import * as tf from '@tensorflow/tfjs';
import { freezeBaseModel, type LoRALinear } from '../../lora';
import { Linear } from '../../tensor/nn';
import { type Random, read } from '../../tensor/runtime';
import {
  type Answer,
  callAnswer,
  type Case,
  drawMatrix,
  type Exercise,
  type Finding,
  formatNumber,
  type Part,
  RETURNED_UNDEFINED,
  toVariable,
} from '../judge';

interface Size {
  d: number;
  k: number;
  names: string[];
  r: number;
  alpha: number;
}

interface Agent {
  name: string;
  layer: LoRALinear;
}

/** The result of an answer, with its arguments. */
interface Team {
  linear: Linear;
  /** W0 before the call */
  weight: Float32Array;
  size: Size;
  agents: Agent[];
}

type Outcome = Omit<Finding, 'input'>;

const SIZES: Size[] = [
  { d: 7, k: 5, names: ['solver', 'critic', 'reviser'], r: 2, alpha: 5 },
  { d: 4, k: 9, names: ['reviser', 'solver'], r: 3, alpha: 6 },
  { d: 8, k: 6, names: ['a', 'b', 'c', 'd'], r: 4, alpha: 2 },
];

const makeAgents: Part = {
  name: 'makeAgents',
  signature:
    'function makeAgents(linear: Linear, names: string[], size: { r: number; alpha: number }): { name: string; layer: LoRALinear }[]',
  freeing: 'dispose of every tensor that is not the A or B of an agent',
  cases: (random) => Promise.resolve(SIZES.map((size) => agentsCase(random, size))),
};

function agentsCase(random: Random, size: Size): Case {
  const { d, k, names, r, alpha } = size;
  const input = `linear [${d}, ${k}], names [${names.join(', ')}], r ${r}, alpha ${alpha}`;
  return {
    input,
    examine: async (answer) => ({ input, ...(await examine(answer, random, size, input)) }),
  };
}

async function examine(
  answer: Answer,
  random: Random,
  size: Size,
  input: string,
): Promise<Outcome> {
  const { values } = await drawMatrix(random, 1, 1);
  const seed = Math.round(1e6 * (values[0] ?? 0));
  const linear = new Linear({ inFeatures: size.k, outFeatures: size.d, seed });
  freezeBaseModel(linear); // as in the notebook
  const weight = await read(linear.weight);
  const { names, r, alpha } = size;
  const args = [linear, [...names], { r, alpha }];
  const { value, newTensors, isNew } = await callAnswer(answer, args, input);
  const unfit = findUnfit(value, size) ?? findOld(value as Agent[], isNew);
  if (unfit) {
    linear.dispose();
    return unfit;
  }
  const team = { linear, weight, size, agents: value as Agent[] };
  const outcome =
    sharingFault(team) ?? adapterFault(team) ?? (await runTeam(team, random)) ?? judgeFreeze(team);
  for (const { layer } of team.agents) layer.dispose();
  linear.dispose();
  const leaked = newTensors - 2 * names.length; // A and B of each adapter stay
  return { ...outcome, ...(leaked > 0 && { leaked }) };
}

function fault(mistake: string, expected: string, got: string): Outcome {
  return { passed: false, expected, got, mistake };
}

/** Finds why the result is not a list of agents with these names. */
function findUnfit(value: unknown, { names }: Size): Outcome | undefined {
  const expected = `a list of { name, layer }, one for each of ${names.join(', ')}`;
  if (value === undefined) {
    return fault(RETURNED_UNDEFINED, expected, 'undefined');
  }
  if (!Array.isArray(value)) return fault('the result must be a list', expected, typeof value);
  if (value.some((one) => one instanceof Promise)) {
    return fault('Promises in the list: is an `await` missing?', expected, 'a list of Promises');
  }
  const empty = value.findIndex((one) => typeof one !== 'object' || one === null);
  if (empty >= 0) {
    const got = `entry ${empty} is ${String(value[empty])}`;
    return fault(`${got}: is a \`return\` missing in the loop over the names?`, expected, got);
  }
  const agents = value as Partial<Agent>[];
  if (agents.every(({ name }) => name === undefined)) {
    const mistake = 'the entries have no name: each must be { name, layer }';
    return fault(mistake, expected, 'entries without a name');
  }
  const given = agents.map(({ name }) => String(name)).join(', ');
  if (given !== names.join(', ')) {
    return fault('the names must be the given ones, in order', expected, given || 'no names');
  }
  if (agents.every(({ layer }) => layer?.lora !== undefined && layer.base !== undefined)) {
    return undefined;
  }
  const mistake = 'each layer must be a LoRALinear, an adapter on the base: use applyLoraToLinear';
  return fault(mistake, expected, 'other layers');
}

/** Finds adapters that the call did not make: they are the notebook's, and stay as they are. */
function findOld(agents: Agent[], isNew: (tensor: tf.Tensor) => boolean): Outcome | undefined {
  if (agents.every(({ layer }) => isNew(layer.lora.A))) return undefined;
  const mistake = 'adapters that were there before the call: put new ones on the given layer';
  return fault(mistake, 'new adapters', 'those of an earlier cell or call');
}

function sharingFault({ linear, agents }: Team): Outcome | undefined {
  const layers = new Set(agents.map(({ layer }) => layer)).size;
  if (layers < agents.length) {
    const mistake = 'one adapter is shared: each agent needs its own';
    return fault(mistake, `${agents.length} adapters`, String(layers));
  }
  const bases = new Set([linear, ...agents.map(({ layer }) => layer.base)]).size;
  if (bases > 1) {
    const mistake = `the base is in memory ${bases} times: put every adapter on the given layer`;
    return fault(mistake, 'one base', String(bases));
  }
  return undefined;
}

function adapterFault({ agents, size }: Team): Outcome | undefined {
  const s = size.alpha / size.r;
  for (const { layer } of agents) {
    const { r, scaling, A, B } = layer.lora;
    if (r !== size.r) return fault('the rank is not the given one', `r ${size.r}`, `r ${r}`);
    if (Math.abs(scaling - s) > 1e-9) {
      const mistake = 'alpha is not the given one: the scaling is alpha / r';
      return fault(mistake, `scaling ${formatNumber(s)}`, formatNumber(scaling));
    }
    if (A.trainable && B.trainable) continue;
    const mistake = 'A and B are frozen too: only the base may be, and it is already';
    return fault(mistake, 'A and B trainable', 'frozen');
  }
  return undefined;
}

/** The last thing to judge: any other mistake has its own name. */
function judgeFreeze({ linear, size }: Team): Outcome {
  if ([...linear.namedParameters().values()].some(({ trainable }) => trainable)) {
    const mistake = 'the base is trainable now: it was frozen, and must stay so';
    return fault(mistake, 'a frozen base', 'a trainable one');
  }
  const bytes = formatNumber(4 * size.names.length * size.r * (size.d + size.k));
  const told = `${size.names.length} adapters on one base, ${bytes} bytes`;
  return { passed: true, expected: told, got: told };
}

/** Runs the agents on one input, before and after a training step towards one target. */
async function runTeam(team: Team, random: Random): Promise<Outcome | undefined> {
  const { linear, weight, agents, size } = team;
  const x = toVariable(await drawMatrix(random, 3, size.k));
  const target = toVariable(await drawMatrix(random, 3, size.d));
  const base = await output(linear, x);
  const starts: Float32Array[] = [];
  const ends: Float32Array[] = [];
  for (const { layer } of agents) {
    starts.push(await output(layer, x));
    tf.tidy(() => {
      const { A, B } = layer.lora;
      const loss = () => layer.forward(x).sub(target).square().mean<tf.Scalar>();
      const { grads } = tf.variableGrads(loss, [A, B]);
      for (const one of [A, B]) one.assign(one.sub(grads[one.name] ?? tf.scalar(NaN)));
    });
    ends.push(await output(layer, x));
  }
  const now = await read(linear.weight);
  tf.dispose([x, target]);
  if (distance(now, weight) > 0) {
    return fault('W0 was changed in place', 'the base as it was', 'another base');
  }
  return outputFault(agents, base, starts, ends);
}

function outputFault(
  agents: Agent[],
  base: Float32Array,
  starts: Float32Array[],
  ends: Float32Array[],
): Outcome | undefined {
  const off = Math.max(...starts.map((start) => distance(start, base)));
  if (off > 0) {
    const got = `they differ by ${formatNumber(off)}`;
    return { ...fault('B is not zero at the start', 'outputs of the base', got), difference: off };
  }
  for (const [i, end] of ends.entries()) {
    const twin = ends.findIndex((other, j) => j < i && distance(other, end) === 0);
    if (twin < 0) continue;
    const mistake = `${agents[twin]?.name} and ${agents[i]?.name} start from the same A: give each its own seed`;
    return fault(mistake, 'different outputs after a step', 'equal ones');
  }
  return undefined;
}

async function output(layer: Linear | LoRALinear, x: tf.Tensor): Promise<Float32Array> {
  const h = layer.forward(x);
  const values = await read(h);
  h.dispose();
  return values;
}

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** Exercise 3: several agents on one base. */
export const agents: Exercise = {
  id: 'agents',
  title: 'Exercise 3: multi-agent demo',
  parts: [makeAgents],
  hints: [
    'Each agent is the same base with its own adapter on it. Which function of src/lora puts an adapter on a layer?',
    'applyLoraToLinear(linear, { r, alpha, seed }). With one seed for all, the agents would be identical.',
    'The given layer is frozen already, and the A and B of each new adapter are trainable: leave both as they are. Go through the names with map, which also gives the index i for the seed.',
    'return names.map((name, i) => ({ name, layer: applyLoraToLinear(linear, { ...size, seed: 10 + i }) }));',
  ],
};
