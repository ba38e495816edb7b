import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ArgumentError } from '../../tensor/errors';
import { formatMessage, type Header, parseRequest } from './message';

const SIGNING = { key: 'key', signature_scheme: 'hmac-sha256' };
const parent: Header = {
  msg_id: '1',
  msg_type: 'execute_request',
  session: 's',
  username: 'u',
  date: '',
  version: '5.3',
};

/** Sends content through a message, and reads what arrives as strict UTF-8 and JSON. */
function sent(content: object): Record<string, unknown> {
  const frames = formatMessage({ route: ['to'], type: 'stream', content, parent }, SIGNING);
  const bytes = frames.map((frame) => Buffer.from(frame));
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.at(-1));
  assert.ok(isWellFormed(text));
  assert.ok(!/\\u[dD][89a-fA-F]/.test(text.replaceAll('\\\\', '')), text);
  return parseRequest(bytes, SIGNING).content;
}

/** Whether a text has no half of a surrogate pair. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

describe('formatMessage', () => {
  test('replaces halves of surrogate pairs, in texts and in names', () => {
    const half = '😀'.slice(0, 1);
    const other = '😀'.slice(1);
    assert.deepEqual(
      sent({ text: half, list: ['a', other], [half]: { [other]: `${other}${half}` } }),
      {
        text: '\ufffd',
        list: ['a', '\ufffd'],
        '\ufffd': { '\ufffd': '\ufffd\ufffd' },
      },
    );
  });

  test('keeps pairs, escapes, and text that looks like an escape', () => {
    const content = {
      pair: '😀',
      quoted: '"\\ud83d"',
      backslashes: '\\\\ud83d',
      control: '\u0000\u001f\n\t\u2028',
      replaced: '\ufffd',
    };
    assert.deepEqual(sent(content), content);
  });

  test('refuses what is nested too deeply for Python; brackets in texts do not count', () => {
    const nested = (levels: number) => {
      let value: object = {};
      for (let i = 1; i < levels; i++) value = i % 2 ? [value] : { 'a"[\\': value, b: '\\"{[\\' };
      return value;
    };
    sent({ value: nested(199), text: '['.repeat(1000) });
    const pairs = Array.from({ length: 500 }, () => [{}]);
    assert.deepEqual(sent({ pairs }), { pairs });
    assert.throws(
      () => sent({ value: nested(200) }),
      /^ArgumentError: display: data must be nested at most 200/,
    );
    assert.throws(() => sent({ value: nested(3000) }), ArgumentError);
  });

  test('carries any text, with U+FFFD for each half', () => {
    const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
    const unit = fc.oneof(
      fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('\\', 'u', 'd83d', '"', '\\ud83d', 'a'),
    );
    const text = fc.array(unit).map((units) => units.join(''));
    fc.assert(
      fc.property(text, (value) => {
        assert.deepEqual(sent({ value, [`k${value}`]: 1 }), {
          value: wellFormed(value),
          [`k${wellFormed(value)}`]: 1,
        });
      }),
    );
  });
});
