import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { mock, test } from 'node:test';
import { chatCases } from '../../tests/chat-cases';
import { FIXTURES } from '../../tests/fixture';
import { ChatTemplate } from './chat-template';
import { JinjaTemplate } from './jinja';

const { conversations, texts, tokens, now } = chatCases;

for (const name of ['dated', 'tools', 'thinking', 'turns']) {
  const file = path.join(FIXTURES, 'chat_templates', `${name}.jinja`);
  const template = new ChatTemplate(
    { default: new JinjaTemplate(readFileSync(file, 'utf8')) },
    tokens,
  );
  for (const [i, { messages, ...options }] of conversations.entries()) {
    test(`${name}.jinja renders conversation ${i} as transformers does`, () => {
      mock.timers.enable({ apis: ['Date'], now: new Date(now) });
      try {
        const want = texts[name]?.[i];
        if (want === null) {
          assert.throws(() => template.render(messages, options), { name: 'ArgumentError' });
        } else assert.equal(template.render(messages, options), want);
      } finally {
        mock.timers.reset();
      }
    });
  }
}
