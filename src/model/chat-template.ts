import type { Tokenizer } from '@huggingface/tokenizers';
import { ArgumentError, assertOptions, type OptionKeys, quote } from '../tensor/errors';
import { type JinjaTemplate, strftime } from './jinja';
import { assertTokenizer } from './transformer';

/** One message of a conversation. Templates may read more keys, such as `tool_calls`. */
export interface ChatMessage {
  /** usually system, user, assistant or tool */
  role: string;
  content?: unknown;
  [key: string]: unknown;
}

/** How a conversation is rendered. */
export interface ChatOptions {
  /** true if the text ends where the assistant's next message begins; false unless given */
  generationPrompt?: boolean;
  /** the functions that the model may call, in OpenAI's form; none unless given */
  tools?: readonly object[];
  /** what else the model's template reads, such as `{ enable_thinking: false }`; none unless given */
  variables?: Readonly<Record<string, unknown>>;
  /** the time for templates that write the date; the present unless given */
  now?: Date;
}

const OPTIONS: OptionKeys<ChatOptions> = {
  generationPrompt: 'optional',
  tools: 'optional',
  variables: 'optional',
  now: 'optional',
};

/** The templates of a model by name; `default` is there always, `tool_use` where tools have their own. */
export type Templates = Readonly<Record<string, JinjaTemplate>> & {
  readonly default: JinjaTemplate;
};

/** A model's own way to write a conversation as one text, in Jinja. */
export class ChatTemplate {
  /** @param tokens special tokens by the names that templates have for them, such as `bos_token` */
  constructor(
    private readonly templates: Templates,
    private readonly tokens: Readonly<Record<string, string>>,
  ) {}

  /**
   * Renders a conversation, special tokens included.
   * @throws ArgumentError if a message has no role, or the template refuses the conversation
   */
  render(messages: readonly ChatMessage[], options: ChatOptions = {}): string {
    const caller = 'ChatTemplate.render';
    assertMessages(caller, messages);
    assertOptions(caller, options, OPTIONS);
    const { generationPrompt = false, tools = null, variables, now } = options;
    const template = (tools && this.templates.tool_use) ?? this.templates.default;
    try {
      return template.render({
        ...this.tokens,
        documents: null,
        ...(now && { strftime_now: (format: string) => strftime(now, format) }),
        ...variables,
        messages: messages.map(asInTransformers),
        tools,
        add_generation_prompt: generationPrompt,
      });
    } catch (error) {
      const { message } = error as Error;
      throw new ArgumentError(
        `${caller}: the model's template refuses this conversation: ${message}`,
      );
    }
  }
}

/**
 * Encodes a conversation as the model's template writes it. No token is added to those of the template:
 * most begin with the token that begins a text, and a second one would spoil the first.
 * @throws ArgumentError if a message has no role, or the template refuses the conversation
 */
export function encodeChat(
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): number[] {
  assertTokenizer('encodeChat', tokenizer);
  if (!(template instanceof ChatTemplate)) {
    throw new ArgumentError(
      `encodeChat: template must come from loadChatTemplate, got ${quote(template)}.`,
    );
  }
  const text = template.render(messages, options);
  return tokenizer.encode(text, { add_special_tokens: false }).ids;
}

/** The names under which the reasoning before an answer is known; templates read the first. */
const REASONING = ['reasoning_content', 'thinking', 'reasoning'];

/** A key without a value is as if it were not there, and reasoning is found under any of its names. */
function asInTransformers(message: ChatMessage): Record<string, unknown> {
  const given = Object.fromEntries(
    Object.entries(message).filter(([, value]) => value !== null && value !== undefined),
  );
  const reasoning = REASONING.map((name) => given[name]).find((one) => one !== undefined);
  if (reasoning === undefined) return given;
  return { thinking: reasoning, ...given, reasoning_content: reasoning };
}

function assertMessages(caller: string, messages: unknown): void {
  const isList = Array.isArray(messages) && messages.length > 0;
  const bad: unknown = isList
    ? messages.find((one: unknown) => typeof (one as ChatMessage | null)?.role !== 'string')
    : messages;
  if (isList && bad === undefined) return;
  throw new ArgumentError(
    `${caller}: messages must be a list of one or more such as { role: 'user', content: 'Hi' }, got ${quote(bad)}.`,
  );
}
