import { parseArgs } from 'node:util';
import { trainAgents } from './agents-train';
import { resultsFile } from '../finetune';
import { writeRows } from './results';

/**
 * `train` makes the three adapters in data/adapters/ anew.
 * @returns 0
 */
export async function agents(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true });
  const command = ['npm run agents', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
  if (positionals[0] === 'train')
    await writeRows(resultsFile('agents-training'), await trainAgents(command));
  return 0;
}
