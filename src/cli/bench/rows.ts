import type { ResultRow } from '../../course/shipped';
import { type Spread } from '../../course/measure';
import { round } from '../measure';
import type { Compared } from './compare';
import { MEMORY } from './plan';
import { bytes, floorMilliseconds, operations, type Rates } from './rivals/floor';
import type { RivalName } from './rivals/rival-process';
import type { Shape } from './rivals/shapes';
import { RANK, type Work } from './rivals/work';

/** Fields that all rows of an accelerator share. */
export interface Origin {
  command: string;
  commit: string;
  backend: string;
  device: string;
  seed: number;
  /** load average of the minute before, in cores */
  loadBefore: number;
}

/** Measures the machine's best rates by one large matrix product and one large sum. */
export function machineRow(
  origin: Origin,
  machine: readonly Compared[],
  shape: Shape,
): { row: ResultRow; rates: Rates } {
  const perSecond = (kind: Work['kind'], count: (work: Work, shape: Shape) => number) => {
    const one = machine.find(({ work }) => work.kind === kind) as Compared;
    return (1000 * count(one.work, shape)) / (one.times.ours?.best ?? NaN);
  };
  const rates: Rates = {
    operationsPerSecond: perSecond('product', operations),
    bytesPerSecond: perSecond('add', bytes),
  };
  const row: ResultRow = {
    ...origin,
    seconds: 0,
    what: 'machine',
    name: 'one product of 2048³, one sum of 2²⁴',
    gigaOperationsPerSecond: round(rates.operationsPerSecond / 1e9, 1),
    gigabytesPerSecond: round(rates.bytesPerSecond / 1e9, 1),
  };
  return { row, rates };
}

/** What a row needs beyond the times of its work. */
export interface Measured {
  /** the works of the same comparison */
  others: readonly Compared[];
  rounds: number;
  rates: Rates;
  shape: Shape;
}

/** Fields of a row that tell the model and its adapter. */
function adapted({ name: model, targets }: Shape): object {
  return { model, targets: targets.join(', '), r: RANK };
}

/** Makes the row of one work: milliseconds of each rival, ratios of medians, and the share of the floor. */
export function comparisonRow(
  origin: Origin & { seconds: number },
  { work, times, dispatches }: Compared,
  { others, rounds, rates, shape }: Measured,
): ResultRow {
  const { kind: what, ...size } = work;
  const floor = floorMilliseconds(work, shape, rates);
  const base = others.find((other) => other.work.kind === 'linear' && other.work.r === 0);
  const each = (show: (spread: Spread) => unknown) =>
    Object.fromEntries(Object.entries(times).map(([name, spread]) => [name, show(spread)]));
  return {
    ...origin,
    what,
    name: nameOf(work),
    ...(what !== 'linear' && adapted(shape)),
    ...size,
    rounds,
    ...ratio('peftOverOurs', times.peft, times.ours),
    ...ratio('tfjsOverOurs', times.tfjs, times.ours),
    ...(base && work.kind === 'linear' && work.r > 0 && { overBase: overBase(times, base) }),
    ...(work.kind === 'generate' && {
      tokensPerSecond: each(({ median }) => round((1000 * work.newTokens) / median, 1)),
    }),
    shareOfFloor: each(({ median }) => round(floor / median, 3)),
    ...(what === 'step' && Object.keys(dispatches).length > 0 && { dispatches }),
    'milliseconds [median, quartiles]': each(({ median, low, high }) =>
      [median, low, high].map((value) => round(value, 2)),
    ),
  };
}

/** Describes a work in words. */
export function nameOf(work: Work): string {
  switch (work.kind) {
    case 'linear': {
      const { inFeatures: k, outFeatures: d, r, tokens, backward } = work;
      const layer = r > 0 ? `LoRA linear ${k} to ${d}, r = ${r}` : `linear ${k} to ${d}`;
      return `${layer}, ${tokens} tokens, forward${backward ? ' and backward' : ''}`;
    }
    case 'step': {
      const some = work.labelled < 1 ? ', labels on the last quarter' : '';
      return `training step, ${work.batch} x ${work.time} tokens${some}`;
    }
    case 'forward':
      return `forward, ${work.batch} x ${work.time} tokens`;
    case 'mixed':
      return `forward, three adapters in ${work.batch} x ${work.time} tokens`;
    case 'generate':
      return `generation, ${work.newTokens} tokens, ${work.adapter ? 'with' : 'without'} adapter`;
    case 'product':
    case 'add':
      return `${work.kind} of ${work.size}`;
  }
}

function ratio(name: string, over: Spread | undefined, under: Spread | undefined) {
  return over && under ? { [name]: round(over.median / under.median, 3) } : {};
}

/** The time of the layer with an adapter over the time without, for each rival. */
function overBase(times: Compared['times'], base: Compared) {
  const names = Object.keys(times) as RivalName[];
  return Object.fromEntries(
    names.map((name) => {
      const [with_, alone] = [times[name]?.median ?? NaN, base.times[name]?.median ?? NaN];
      return [name, round(with_ / alone, 3)];
    }),
  );
}

/** Makes the row of peak memory: of a process that only trains, and of its runtime before a model. */
export function memoryRow(
  origin: Origin & { seconds: number },
  peaks: Record<string, { start: number | null; peak: number | null }>,
  shape: Shape,
): ResultRow {
  const each = (key: 'start' | 'peak') =>
    Object.fromEntries(Object.entries(peaks).map(([name, value]) => [name, value[key]]));
  const { batch, time, labelled } = MEMORY.work;
  return {
    ...origin,
    what: 'memory',
    name: 'peak memory of a training process',
    ...adapted(shape),
    batch,
    time,
    labelled,
    steps: MEMORY.steps,
    oursOverPeft: round((peaks.ours?.peak ?? NaN) / (peaks.peft?.peak ?? NaN), 3),
    peakMegabytes: each('peak'),
    runtimeMegabytes: each('start'),
  };
}
