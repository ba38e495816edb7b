import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findMistakes, trainingRows } from '../agents';
import { BASE, encodeRows } from '../finetune';
import { loadModel, loadTokenizer } from '../gpt2';
import { countParameters, injectLora } from '../lora';
import { savePretrained } from '../peft';
import { writeFileAtomically } from '../safetensors';
import type { Attempted } from '../tasks';
import { type AgentTraining, MISTAKES } from './agents-plan';
import { learn } from './learn';
import { provenance } from './results';
import type { TrainingMessage } from './run-apart';

/**
 * Trains one role and saves its adapter; the solver's run then writes its mistakes beside it, for
 * the others to learn from.
 * @param folder where the adapters of all roles and the mistakes go
 */
export async function trainRole(
  run: AgentTraining,
  { command, folder, mistakesFile }: { command: string; folder: string; mistakesFile: string },
  tell: (message: TrainingMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const start = performance.now();
  const model = await loadModel(BASE);
  const tokenizer = await loadTokenizer(BASE, model.config);
  const { role, r, alpha, seed } = run;
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed });
  const mistakes = role === 'solver' ? [] : readMistakes(mistakesFile);
  const rows = trainingRows(role, mistakes);
  const losses: number[] = [];
  for await (const { step, loss } of learn(model, encodeRows(tokenizer, rows), run)) {
    losses.push(loss);
    tell({ step, loss });
  }
  const config = {
    base_model_name_or_path: 'data/base',
    task_type: 'CAUSAL_LM',
    fan_in_fan_out: true,
  } as const;
  await savePretrained(model, path.join(folder, role), { config });
  const { trainable } = countParameters(model);
  if (role === 'solver') {
    const found = await findMistakes(model, tokenizer, MISTAKES);
    mkdirSync(path.dirname(mistakesFile), { recursive: true });
    await writeFileAtomically(mistakesFile, [JSON.stringify(found)]);
  }
  const last = losses.slice(-50);
  const row = {
    ...{ command, ...origin, kind: 'training', ...run },
    seconds: Math.round((performance.now() - start) / 1000),
    ...{ trainable, rows: rows.length, mistakes: mistakes.length },
    finalTrainingLoss: Number((last.reduce((sum, loss) => sum + loss, 0) / last.length).toFixed(4)),
  };
  tell({ row });
}

function readMistakes(file: string): Attempted[] {
  if (!existsSync(file)) throw new Error(`${file} must be there. Train the solver first.`);
  return JSON.parse(readFileSync(file, 'utf8')) as Attempted[];
}

if (process.send) {
  const [run, options] = process.argv.slice(2).map((arg) => JSON.parse(arg) as unknown);
  const given = options as Parameters<typeof trainRole>[1];
  void trainRole(run as AgentTraining, given, (message) => process.send?.(message)).then(() =>
    process.disconnect(),
  );
}
