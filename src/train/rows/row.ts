import type { ChatMessage } from '../../model';
import { nearest, quote } from '../../tensor/errors';

/** A conversation: every message of the assistant is to be learned. */
export interface ChatRow {
  readonly messages: readonly ChatMessage[];
  /** the functions that the model may call, in OpenAI's form */
  readonly tools?: readonly object[];
}

/** A prompt and its completion, which is to be learned. */
export interface PromptRow {
  readonly prompt: string;
  readonly completion: string;
}

/** A text, all of which is to be learned. */
export interface TextRow {
  readonly text: string;
}

/** A row of a data set. Its keys tell its kind; other keys, such as an id, are left alone. */
export type Row = ChatRow | PromptRow | TextRow;

const KINDS = 'messages, or prompt and completion, or text';

/** Keys of other formats, and what they are here. */
const FOREIGN: Readonly<Record<string, string>> = {
  conversations:
    'Write messages with role and content for conversations with from and value; human is user, gpt is assistant.',
  instruction:
    'Write prompt for instruction, with input below it if there is one, and completion for output.',
  question: 'Write prompt for question, and completion for answer.',
  input: 'Write prompt for input, and completion for output.',
  chosen:
    'Pairs of a chosen and a rejected answer are for preference training, which is not built.',
};

/** Says what is wrong with a value that should be a row; null if it is one. */
export function rowFault(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `the row must be an object with ${KINDS}, got ${quote(value)}.`;
  }
  const row = value as Record<string, unknown>;
  const kinds = ['messages', 'prompt', 'text'].filter((key) => row[key] !== undefined);
  if (row.completion !== undefined && !kinds.includes('prompt')) kinds.push('completion');
  if (kinds.length > 1) {
    return `the row must be of one kind, ${KINDS}, got ${kinds.join(' and ')}. Delete what is not meant.`;
  }
  if (kinds.length === 0) return unknownKind(Object.keys(row));
  if (row.messages !== undefined) return messagesFault(row.messages, row.tools);
  return textFault(row, row.text === undefined ? ['prompt', 'completion'] : ['text']);
}

function unknownKind(keys: string[]): string {
  const foreign = keys.find((key) => key in FOREIGN);
  const close = keys
    .map((key) => [key, nearest(key, ['messages', 'prompt', 'completion', 'text'])] as const)
    .find(([, known]) => known);
  const advice = foreign ? ` ${FOREIGN[foreign]}` : close ? ` Is ${close[0]} ${close[1]}?` : '';
  return `the row must have ${KINDS}, got ${quote(keys.join(', ') || 'no keys')}.${advice}`;
}

function textFault(row: Record<string, unknown>, keys: string[]): string | null {
  for (const key of keys) {
    const value = row[key];
    if (typeof value === 'string' && value !== '') continue;
    const isChat = Array.isArray(value) ? ' Write a conversation as messages.' : '';
    return `${key} must be a text of 1 character or more, got ${quote(value)}.${isChat}`;
  }
  return null;
}

function messagesFault(messages: unknown, tools: unknown): string | null {
  if (!Array.isArray(messages) || messages.length === 0) {
    return `messages must be a list of one or more, got ${quote(messages)}.`;
  }
  const faults = messages.map(messageFault);
  const at = faults.findIndex((fault) => fault !== null);
  if (at >= 0) return `messages[${at}] ${faults[at]}`;
  if (!messages.some((one: ChatMessage) => one.role === 'assistant')) {
    const roles = messages.map((one: ChatMessage) => one.role).join(', ');
    return `messages must have one of the assistant, which is what is learned, got ${roles}.`;
  }
  if (!messages.slice(1).some((one: ChatMessage) => one.role === 'assistant')) {
    return "messages must have one before the assistant's, which it answers, got none.";
  }
  if (tools === undefined || tools === null) return null;
  const isList = Array.isArray(tools) && tools.every((one) => typeof one === 'object' && one);
  return isList ? null : `tools must be a list of objects, got ${quote(tools)}.`;
}

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'];

function messageFault(message: unknown): string | null {
  const { role, content, tool_calls: calls } = Object(message) as Record<string, unknown>;
  if (typeof role !== 'string' || !ROLES.includes(role)) {
    const close = typeof role === 'string' ? nearest(role, ROLES) : undefined;
    const advice = close ? ` Is it ${close}?` : '';
    return `must have a role of ${ROLES.join(', ')}, got ${quote(role ?? message)}.${advice}`;
  }
  if (Array.isArray(calls) && calls.some(hasTextArguments)) {
    return 'must have the arguments of tool_calls as objects, got a text, which most templates would quote again. Parse it: JSON.parse(text).';
  }
  if (typeof content === 'string' || isParts(content)) return null;
  if (role === 'assistant' && Array.isArray(calls) && calls.length > 0) return null;
  return `must have content, a text, got ${quote(content)}.`;
}

/** Whether a call has its arguments as JSON in a text, as OpenAI's files have. */
function hasTextArguments(call: unknown): boolean {
  const outer = Object(call) as { function?: unknown; arguments?: unknown };
  const { arguments: given } = Object(outer.function ?? outer) as { arguments?: unknown };
  return typeof given === 'string';
}

/** Whether a content is a list of parts: most templates join their texts. */
function isParts(content: unknown): boolean {
  const isPart = (part: unknown) => typeof (part as { type?: unknown } | null)?.type === 'string';
  return Array.isArray(content) && content.length > 0 && content.every(isPart);
}
