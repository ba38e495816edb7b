import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Tokenizer } from '@huggingface/tokenizers';
import { savePretrained } from '../../adapter/peft';
import { findHardProblems, trainingRows } from '../../course/agents';
import { type Problem, solverRows } from '../../course/task';
import { writeFileAtomically } from '../../files/local';
import { injectLora } from '../../lora';
import type { LanguageModel } from '../../model/transformer';
import { LoraError } from '../../tensor/errors';
import { countParameters } from '../../tensor/nn';
import { encodeRows, meanLoss } from '../../train/data';
import { mean } from '../../course/measure';
import { openBase, provenance, round, type TrainingMessage, runIfChild } from '../measure';
import { type AgentTraining, TRIAL, VALIDATION } from './agents-plan';
import { trainByRecipe } from './train-by-recipe';

/** Number of last steps whose mean loss is the training's last loss. */
const LAST = 50;

/**
 * Trains one role and saves its adapter in a folder named after role and seed. The solver's run also
 * saves the problems that it often fails.
 */
export async function trainRole(
  run: AgentTraining,
  { command, folder, hardFile }: { command: string; folder: string; hardFile: string },
  tell: (message: TrainingMessage) => void,
): Promise<void> {
  const origin = await provenance();
  const start = performance.now();
  const { model, tokenizer } = await openBase();
  const { role, r, alpha, seed, steps, learningRate } = run;
  injectLora(model, { targetModules: 'all-linear', r, alpha, seed });
  const hard = role === 'solver' ? [] : readProblems(hardFile);
  const rows = trainingRows(role, hard);
  const options = { steps, seed, learningRate };
  const losses = await trainByRecipe(model, encodeRows(tokenizer, rows), options, tell);
  const config = {
    base_model_name_or_path: 'data/base',
    task_type: 'CAUSAL_LM',
    fan_in_fan_out: true,
  } as const;
  await savePretrained(model, path.join(folder, `${role}-${seed}`), { config });
  const { trainable } = countParameters(model);
  if (role === 'solver') {
    const found = await findHardProblems(model, tokenizer, TRIAL);
    mkdirSync(path.dirname(hardFile), { recursive: true });
    await writeFileAtomically(hardFile, [JSON.stringify(found)]);
  }
  const row = {
    command,
    ...origin,
    kind: 'training',
    ...run,
    seconds: Math.round((performance.now() - start) / 1000),
    trainable,
    rows: rows.length,
    hard: hard.length,
    validationLoss: round(await validationLoss(model, tokenizer), 4),
    finalTrainingLoss: round(mean(losses.slice(-LAST)), 4),
  };
  tell({ row });
}

/** The loss on correct solutions, for every role. */
function validationLoss(model: LanguageModel, tokenizer: Tokenizer): Promise<number> {
  return meanLoss(model, encodeRows(tokenizer, solverRows(VALIDATION)));
}

function readProblems(file: string): Problem[] {
  if (!existsSync(file)) {
    throw new LoraError(`trainRole: ${file} must exist. Train the solver first.`);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Problem[];
}

runIfChild(([run, options], tell) =>
  trainRole(run as AgentTraining, options as Parameters<typeof trainRole>[1], tell),
);
