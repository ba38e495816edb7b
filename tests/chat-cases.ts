import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ChatMessage, ChatOptions } from '../src/model';
import { FIXTURES } from './fixture';

/** What transformers makes of conversations, by `fixtures/chat_templates.py`. */
interface ChatCases {
  tokens: Record<string, string>;
  /** the time at which it did */
  now: string;
  conversations: ({ messages: ChatMessage[] } & ChatOptions)[];
  /** by template; null where the template refuses a conversation */
  texts: Record<string, (string | null)[]>;
  values: Record<string, unknown>;
  /** templates of one thing each, and their texts */
  expressions: [template: string, text: string][];
}

export const chatCases = JSON.parse(
  readFileSync(path.join(FIXTURES, 'chat_templates.json'), 'utf8'),
) as ChatCases;
