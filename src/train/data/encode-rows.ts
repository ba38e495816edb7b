import type { Tokenizer } from '@huggingface/tokenizers';
import { ChatTemplate } from '../../model';
import { assertTokenizer } from '../../model/transformer';
import {
  ArgumentError,
  assertOptions,
  listFaults,
  LoraError,
  type OptionKeys,
  quote,
} from '../../tensor/errors';
import { IGNORED } from '../loop';
import { type PromptRow, type Row, rowFault, Rows } from '../rows';
import type { Example } from './example';
import { labelAnswers } from './label-answers';

/** How rows are encoded. */
interface EncodeOptions {
  /** the model's chat template: rows of messages need it; a prompt becomes the user's message */
  template?: ChatTemplate;
  /** what the template reads beside messages, such as `{ enable_thinking: false }` */
  variables?: Readonly<Record<string, unknown>>;
  /**
   * ends a text, which needs it, and without a template a completion: `model.config.eosTokenIds[0]`.
   * Completions that end by themselves, as with a newline, need none.
   */
  eosTokenId?: number;
  /** the time for templates that write the date; the present unless given */
  now?: Date;
}

const OPTIONS: OptionKeys<EncodeOptions> = {
  template: 'optional',
  variables: 'optional',
  eosTokenId: 'optional',
  now: 'optional',
};

const CALLER = 'encodeRows';

/**
 * Encodes rows into token ids, with a label on each token that is to be learned: all answers of the
 * assistant in `messages`, each with the token that ends it; the completion of a prompt; all of a
 * text. With a template, prompt and completion are written as a conversation.
 * @throws ArgumentError listing every row that can't be encoded, or has no label
 */
export function encodeRows(
  tokenizer: Tokenizer,
  rows: Iterable<Row>,
  options: EncodeOptions = {},
): Example[] {
  assertOptions(CALLER, options, OPTIONS);
  assertTokenizer(CALLER, tokenizer);
  assertTemplate(options.template);
  const isList = rows instanceof Rows || Array.isArray(rows);
  if (!isList) {
    throw new ArgumentError(
      `${CALLER}: rows must be a list of { prompt, completion }, { messages } or { text }, got ${quote(rows)}.`,
    );
  }
  const [examples, faults]: [Example[], string[]] = [[], []];
  let index = 0;
  for (const row of rows as Iterable<Row>) {
    const encoded = encodeOrFault(tokenizer, row, options);
    if (typeof encoded !== 'string') examples.push(encoded);
    else faults.push(`${rows instanceof Rows ? rows.place(index) : `row ${index}`}: ${encoded}`);
    index += 1;
  }
  if (faults.length > 0) throw new ArgumentError(`${CALLER}:${listFaults(faults)}`);
  return examples;
}

function encodeOrFault(tokenizer: Tokenizer, row: Row, options: EncodeOptions): Example | string {
  const fault = rowFault(row);
  if (fault) return fault;
  try {
    const example = encodeRow(tokenizer, row, options);
    const isLearned = example.labels.some((label, i) => i > 0 && label !== IGNORED);
    if (isLearned) return example;
    return example.answersLeftOut ? NO_ANSWER : NO_LABEL;
  } catch (error) {
    if (error instanceof LoraError) return error.message.replace(/^[\w.]+: /, '');
    throw error;
  }
}

const NO_ANSWER =
  "no answer of the row can be learned: the model's template writes each in another way than after its own words that ask for an answer, or once more messages follow.";
const NO_LABEL = 'the row must have a token to learn, after another one, got none.';

function encodeRow(tokenizer: Tokenizer, row: Row, options: EncodeOptions): Example {
  const { template, variables = {}, eosTokenId, now } = options;
  const chat = { variables, ...(now && { now }) };
  if ('text' in row && row.text !== undefined) return encodeText(tokenizer, row.text, eosTokenId);
  if ('messages' in row && row.messages !== undefined) {
    if (template) return labelAnswers(tokenizer, template, row, chat);
    throw new ArgumentError(
      'messages need the chat template of the model: encodeRows(tokenizer, rows, { template: await loadChatTemplate(name) }).',
    );
  }
  const { prompt, completion } = row as PromptRow;
  if (!template) return encodePrompt(tokenizer, prompt, completion, eosTokenId);
  const messages = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: completion },
  ];
  return labelAnswers(tokenizer, template, { messages }, chat);
}

function encodeText(tokenizer: Tokenizer, text: string, eosTokenId: number | undefined): Example {
  if (eosTokenId === undefined) {
    throw new ArgumentError(
      'a text needs eosTokenId, or the model would not learn to end: encodeRows(tokenizer, rows, { eosTokenId: model.config.eosTokenIds[0] }).',
    );
  }
  const ids = [...tokenizer.encode(text).ids, eosTokenId];
  return { ids, labels: ids };
}

function encodePrompt(
  tokenizer: Tokenizer,
  prompt: string,
  completion: string,
  eosTokenId: number | undefined,
): Example {
  const before = tokenizer.encode(prompt).ids;
  // No second beginning of a text within it.
  const { ids } = tokenizer.encode(completion, { add_special_tokens: false });
  const after = eosTokenId === undefined ? ids : [...ids, eosTokenId];
  return {
    ids: [...before, ...after],
    labels: [...before.map(() => IGNORED), ...after],
  };
}

function assertTemplate(template: unknown): void {
  if (template === undefined || template instanceof ChatTemplate) return;
  throw new ArgumentError(
    `${CALLER}: template must come from loadChatTemplate, got ${template instanceof Promise ? 'a promise. Await it' : quote(template)}.`,
  );
}
