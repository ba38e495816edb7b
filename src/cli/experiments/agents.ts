import path from 'node:path';
import { AdapterBank } from '../../adapter/bank';
import { loadAdapter } from '../../adapter/peft';
import type { AgentSetup } from '../../course/agents';
import { readResults, type ResultRow, resultsFile } from '../../course/shipped';
import { ROLES } from '../../course/task';
import { projectRoot } from '../../files/local';
import { ArgumentError } from '../../tensor/errors';
import {
  openBase,
  parseQuickOption,
  progressBar,
  provenance,
  rowsFile,
  writeRows,
} from '../measure';
import { type ArmResult, type DifferenceResult, measureAgents } from './agents-measure';
import { ADAPTERS, TESTS } from './agents-plan';
import { trainAgents } from './agents-train';

/**
 * Measures solver, critic and reviser, alone and together, and prints the table; with `train` trains
 * their adapters instead.
 * @param args `train`, or `--quick` for fewer problems, into artifacts/
 * @returns 0, or 1 where a quick run puts the team on another side than the whole run does
 */
export async function agents(args: string[]): Promise<number> {
  const { what, quick, command } = parseQuickOption('agents', args);
  if (what !== undefined && what !== 'train') {
    throw new ArgumentError(`agents: the argument must be train, or none, got ${what}.`);
  }
  if (what === 'train') {
    await writeRows(resultsFile('agents-training'), await trainAgents(command));
    return 0;
  }
  return measure(command, quick);
}

async function measure(command: string, quick: boolean): Promise<number> {
  const origin = await provenance();
  const start = performance.now();
  const problems = quick ? TESTS.quick : TESTS.count;
  const runs = 3;
  const bar = progressBar('problems', runs * problems, { loss: false });
  const results = await measureAgents(await openSetup(), problems, () => bar.increment());
  bar.stop();
  const seconds = Math.round((performance.now() - start) / 1000);
  const rows = results.map((result): ResultRow => {
    return { command, ...origin, seed: TESTS.seed, seconds, ...result };
  });
  const file = rowsFile('agents', quick);
  await writeRows(file, rows);
  printTable(results);
  console.log(`\nRows: ${path.relative(projectRoot, file)}`);
  return quick ? compareOrder(results, readResults('agents')) : 0;
}

/** Loads the base with the three adapters in one bank. */
async function openSetup(): Promise<AgentSetup> {
  const { model, tokenizer } = await openBase();
  const bank = new AdapterBank(model);
  for (const role of ROLES) {
    await bank.add(role, (model) => loadAdapter(model, path.join(ADAPTERS, role)));
  }
  return { model, tokenizer, bank };
}

const isArm = (row: { kind?: unknown }): row is ArmResult => row.kind === 'arm';

function printTable(results: readonly (ArmResult | DifferenceResult)[]): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const arms = results.filter(isArm).map(({ arm, exactMatch, low, high, ...rest }) => ({
    arm,
    attempts: rest.attempts,
    solved: percent(exactMatch),
    'from (95 %)': percent(low),
    to: percent(high),
    'tokens a problem': rest.tokensInAll,
  }));
  console.table(arms);
  for (const row of results) {
    if (row.kind !== 'difference') continue;
    const { arm, minus, difference, low, high } = row;
    console.log(`${arm} - ${minus}: ${percent(difference)} (${percent(low)} to ${percent(high)})`);
  }
}

/**
 * Compares the order of the arms in a quick run with that in the whole run. Arms whose interval in the
 * whole run contains 0 have no order.
 * @returns 0 if the order agrees, else 1
 */
export function compareOrder(quick: readonly object[], whole: readonly object[]): number {
  const isDifference = (row: { kind?: unknown }): row is DifferenceResult =>
    row.kind === 'difference';
  const mine = quick.filter(isDifference);
  const clear = whole.filter(isDifference).filter(({ low, high }) => low > 0 || high < 0);
  const others = clear.filter(({ minus, difference }) => {
    const own = mine.find((row) => row.minus === minus)?.difference ?? NaN;
    return Math.sign(own) !== Math.sign(difference);
  });
  for (const { arm, minus, difference } of clear) {
    console.log(`The whole run: ${arm} ${difference > 0 ? '>' : '<'} ${minus}`);
  }
  const names = others.map(({ minus }) => minus).join(', ');
  console.log(others.length === 0 ? 'The same order here.' : `Another order here: ${names}.`);
  return others.length === 0 ? 0 : 1;
}
