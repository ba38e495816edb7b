import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { chatCases } from '../../../tests/chat-cases';
import { JinjaTemplate } from './jinja-template';

for (const [template, text] of chatCases.expressions) {
  test(`${template} is rendered as in Python`, () => {
    mock.timers.enable({ apis: ['Date'], now: new Date(chatCases.now) });
    try {
      assert.equal(new JinjaTemplate(template).render(chatCases.values), text);
    } finally {
      mock.timers.reset();
    }
  });
}
