import { execFile } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../src/files/local';

/** What llama.cpp is asked. */
export interface Question {
  /** texts to encode, special tokens included */
  lines: string[];
  /** prompts to answer, as token ids */
  prompts: number[][];
  newTokens: number;
  /** the token that ends an answer */
  end: number;
}

/** What llama.cpp says. */
export interface Answer {
  /** the ids of each line */
  lines: number[][];
  /** of each prompt, at each new token: the likeliest tokens and their probabilities, best first */
  answers: [token: number, probability: number][][][];
}

/**
 * Asks llama.cpp with a model, in a process of its own: its package is an ES module.
 * @param folder holds the package, as `makeLlamaCpp` puts it there
 */
export async function askLlamaCpp(
  folder: string,
  model: string,
  question: Question,
): Promise<Answer> {
  const script = path.join(projectRoot, 'tests', 'llama', 'answer.mjs');
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 2 ** 28 };
    const child = execFile(process.execPath, [script, folder, model], options, (error, stdout) => {
      if (error) reject(new Error(error.message));
      else resolve(JSON.parse(stdout) as Answer);
    });
    child.stdin?.end(JSON.stringify(question));
  });
}
