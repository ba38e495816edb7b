import assert from 'node:assert/strict';
import {
  appendFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readData } from './read-data';

const folder = mkdtempSync(path.join(tmpdir(), 'lora-rows-'));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
function write(name: string, content: string | Buffer): string {
  const file = path.join(folder, `${count++}-${name}`);
  writeFileSync(file, content);
  return file;
}

function writeFolder(files: Record<string, unknown[]>): string {
  const own = path.join(folder, `folder-${count++}`);
  mkdirSync(own);
  for (const [name, rows] of Object.entries(files))
    writeFileSync(path.join(own, name), jsonl(rows));
  return own;
}

const jsonl = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const texts = (length: number) => Array.from({ length }, (_, i) => ({ text: `text ${i}` }));
const chat = {
  messages: [
    { role: 'user', content: 'Grüße 🤖' },
    { role: 'assistant', content: [{ type: 'text', text: '你好' }] },
  ],
  id: 5,
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The bytes that are in use once garbage is collected. */
function bytesHeld(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('readData', () => {
  test('reads a folder: rows of every kind, the last line without an end, blank lines, CRLF, a mark', async () => {
    const rows = [chat, { prompt: 'a', completion: 'b' }, { text: 'c' }];
    const own = writeFolder({ 'valid.jsonl': [rows[1]], 'test.jsonl': [rows[2], rows[0]] });
    const lines = rows.map((row) => JSON.stringify(row));
    writeFileSync(
      path.join(own, 'train.jsonl'),
      `\ufeff${lines[0]}\r\n\r\n  ${lines[1]} \n\n${lines[2]}`,
    );
    const { train, valid, test: held } = await readData(own);
    assert.deepEqual([...train], rows);
    assert.deepEqual([train.length, train.at(-1), train.at(3)], [3, rows[2], undefined]);
    assert.deepEqual(
      [0, 1, 2].map((i) => train.place(i)),
      ['train.jsonl:1', 'train.jsonl:3', 'train.jsonl:5'],
    );
    assert.deepEqual([...valid], [rows[1]]);
    assert.deepEqual([...held], [rows[2], rows[0]]);
  });

  test('holds back a tenth of one file for valid and another for test, by the seed', async () => {
    const file = write('rows.jsonl', jsonl(texts(40)));
    const [one, again, other] = await Promise.all(
      [0, 0, 1].map((seed) => readData(file, { seed })),
    );
    const parts = (data: typeof one) =>
      [data?.train, data?.valid, data?.test].map((rows) => [...(rows ?? [])]);
    assert.deepEqual(
      parts(one).map(({ length }) => length),
      [32, 4, 4],
    );
    assert.deepEqual(parts(one), parts(again));
    assert.notDeepEqual(parts(one), parts(other));
    const all = new Set(
      parts(one)
        .flat()
        .map((row) => JSON.stringify(row)),
    );
    assert.equal(all.size, 40);
    const three = await readData(write('rows.jsonl', jsonl(texts(3))));
    assert.deepEqual(
      parts(three).map(({ length }) => length),
      [1, 1, 1],
    );
    await assert.rejects(readData(write('rows.jsonl', jsonl(texts(2)))), {
      name: 'ArgumentError',
      message: /must have 3 different rows or more, so that some can be held back, got 2\./,
    });
  });

  test('holds back from train what a folder lacks; with valid alone, test is empty', async () => {
    const lengths = async (files: Record<string, unknown[]>) => {
      const { train, valid, test: held } = await readData(writeFolder(files));
      return [train.length, valid.length, held.length];
    };
    const [train, few] = [texts(20), texts(3)];
    assert.deepEqual(await lengths({ 'train.jsonl': train }), [16, 2, 2]);
    assert.deepEqual(await lengths({ 'train.jsonl': train, 'test.jsonl': few }), [18, 2, 3]);
    assert.deepEqual(await lengths({ 'train.jsonl': train, 'valid.jsonl': few }), [20, 3, 0]);
    assert.deepEqual(await lengths({ 'train.jsonl': train, 'validation.jsonl': few }), [20, 3, 0]);
  });

  test('keeps equal rows of one file together, and counts those that are in train too', async () => {
    const rows = [...texts(20), ...texts(20), ...texts(20)];
    const { train, valid, test: held } = await readData(write('rows.jsonl', jsonl(rows)));
    assert.deepEqual([train.length, valid.length, held.length], [48, 6, 6]);
    assert.deepEqual([valid.countIn(train), held.countIn(train), held.countIn(valid)], [0, 0, 0]);
    const own = writeFolder({ 'train.jsonl': texts(20), 'valid.jsonl': [...texts(3), chat] });
    const other = await readData(own);
    assert.equal(other.valid.countIn(other.train), 3);
  });

  test('refuses names for the rows to choose by that would be passed over', async () => {
    const names = { 'train.jsonl': texts(20), 'val.jsonl': texts(3) };
    await assert.rejects(readData(writeFolder(names)), {
      message: /must be in valid\.jsonl, got val\.jsonl\. Rename it/,
    });
    const both = { 'train.jsonl': texts(9), 'valid.jsonl': [chat], 'validation.jsonl': [chat] };
    await assert.rejects(readData(writeFolder(both)), { message: /Delete one, or move it away/ });
  });

  test('lists every faulty row with its file and line, the first 20, before any is given', async () => {
    const own = writeFolder({ 'valid.jsonl': [{ txt: 'a' }] });
    const lines = [
      '{"text": "fine"}',
      "{'text': 'python'}",
      '5',
      '{"text": "a", "messages": []}',
      '{"conversations": [{"from": "human", "value": "hi"}]}',
      '{"messages": [{"role": "asistant", "content": "a"}]}',
      '{"messages": [{"role": "user", "content": "a"}]}',
      '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}], "tools": 1}',
      '{"messages": [{"role": "user"}]}',
      '{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "a"}]}',
      '{"prompt": [{"role": "user", "content": "a"}], "completion": "b"}',
      '{"text": ""}',
      '{"messages": []}',
      '[{"text": "a"}]',
      '{"text": "a", "completion": "b"}',
      '{"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]}',
    ];
    writeFileSync(path.join(own, 'train.jsonl'), `${lines.join('\n')}\n`);
    await assert.rejects(readData(own), (error: Error) => {
      const shown = error.message.split('\n  ');
      assert.equal(error.name, 'FileError');
      const wants = [
        /^readData: .*folder-\d+:$/,
        /^train\.jsonl:2: the line must be JSON, got "\{'text': 'python'\}": /,
        /^train\.jsonl:3: the row must be an object with messages, .* got 5\.$/,
        /^train\.jsonl:4: the row must be of one kind, .* got messages and text\./,
        /^train\.jsonl:5: .* got "conversations"\. Write messages with role and content/,
        /^train\.jsonl:6: messages\[0\] must have a role of .* Is it assistant\?$/,
        /^train\.jsonl:7: messages must have one of the assistant, .* got user\.$/,
        /^train\.jsonl:8: tools must be a list of objects, got 1\.$/,
        /^train\.jsonl:9: messages\[0\] must have content, a text, got nothing\.$/,
        /^train\.jsonl:10: messages must have one before the assistant's, which it answers, got none\.$/,
        /^train\.jsonl:11: prompt must be a text .* Write a conversation as messages\.$/,
        /^train\.jsonl:12: text must be a text of 1 character or more, got ""\.$/,
        /^train\.jsonl:13: messages must be a list of one or more, got \[\]\.$/,
        /^train\.jsonl:14: the row must be an object/,
        /^train\.jsonl:15: the row must be of one kind, .* got text and completion\./,
        /^train\.jsonl:16: messages\[0\] must have the arguments of tool_calls as objects, .* Parse it/,
        /^valid\.jsonl:1: .* got "txt"\. Is txt text\?$/,
      ];
      assert.equal(shown.length, wants.length);
      wants.forEach((want, i) => assert.match(shown[i] ?? '', want));
      return true;
    });
    const many = write('rows.jsonl', '{}\n'.repeat(100));
    await assert.rejects(readData(many), ({ message }: Error) => {
      return message.split('\n').length === 22 && message.endsWith('and 80 more.');
    });
  });

  test('refuses what is no JSONL by name', async () => {
    for (const [name, content, want] of [
      ['rows.json', JSON.stringify(texts(3), null, 2), /one JSON list\. Write JSON\.stringify/],
      ['rows.json', JSON.stringify(texts(3)), /one JSON list/],
      ['rows.jsonl', '', /must hold a row or more, got none/],
      ['rows.jsonl', '\n \n', /must hold a row or more, got none/],
      ['rows.jsonl', Buffer.from([0x7b, 0xff, 0xfe, 0x0a]), /:1: the line must be text in UTF-8/],
      ['rows.parquet', 'PAR1', /must be JSONL, .* got \.parquet\. In Python/],
      [
        'rows.jsonl',
        Buffer.alloc(2 ** 26 + 70_000, 0x20),
        /rows\.jsonl:1: a line must have 67108864 bytes at most/,
      ],
    ] as const) {
      await assert.rejects(readData(write(name, content)), { name: 'FileError', message: want });
    }
    const empty = writeFolder({ 'notes.txt': [1] });
    await assert.rejects(readData(empty), { message: /must hold train\.jsonl, got notes\.txt\./ });
    await assert.rejects(readData(path.join(folder, 'nothing')), { message: /must be there/ });
    await assert.rejects(readData(5 as never), { name: 'ArgumentError', message: /got 5\.$/ });
  });

  test('says that a file has changed since it was read', async () => {
    const file = write('rows.jsonl', jsonl(texts(30)));
    const { train } = await readData(file);
    appendFileSync(file, '{}');
    assert.throws(() => train.at(0), { name: 'FileError', message: /has changed\. Read it again/ });
    rmSync(file);
    assert.throws(() => [...train], { name: 'FileError' });
  });

  test('keeps no row in memory', async () => {
    const file = path.join(folder, 'large.jsonl');
    const stream = createWriteStream(file);
    for (let i = 0; i < 100; i++) {
      const some = Array.from({ length: 1000 }, (_, j) => ({
        text: `${i} ${j} ${'x'.repeat(980)}`,
      }));
      stream.write(jsonl(some));
    }
    await new Promise((resolve) => stream.end(resolve));
    const before = bytesHeld();
    const { train } = await readData(file);
    const grown = bytesHeld() - before;
    assert.equal(train.length, 80_000);
    assert.ok(grown < 40e6, `${grown} bytes for 100 MB of rows`);
    rmSync(file);
  });
});
