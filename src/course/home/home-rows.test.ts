import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { HOME } from '../shipped';
import { CHAT_QUESTIONS } from './chat-questions';
import { faultOfCall, isSameCall } from './check-call';
import { HOME_RULE, homeRow, homeRows } from './home-rows';
import { PERSONS, ROOMS } from './names';
import { FUNCTIONS } from './wordings';

const learned = homeRows({ split: 'train', count: 600, seed: 1 });
const chosenBy = homeRows({ split: 'valid', count: 60, seed: 1 });
const held = homeRows({ split: 'test', count: 200, seed: 1 });
const partsOf = (rows: typeof learned) =>
  rows.map(({ messages }) => ({
    request: String(messages[1]?.content),
    call: JSON.parse(String(messages[2]?.content)) as Record<string, unknown>,
  }));

test('each request has its call: what it names is copied, and what it asks for is the function', () => {
  for (const { request, call } of partsOf([...learned, ...chosenBy, ...held])) {
    const { name, on, ...values } = call;
    for (const value of Object.values(values))
      assert.ok(request.includes(`${value as string}`), request);
    const functions = FUNCTIONS.filter((one) => one.name === name);
    const wording = (one: (typeof FUNCTIONS)[0]) =>
      [...one.wordings.train, ...one.wordings.test].some((text) => {
        const filled = Object.entries(values).reduce(
          (all, [slot, value]) => all.replace(`{${slot}}`, `${value as string}`),
          text,
        );
        return filled === request;
      });
    const own = functions.filter(wording);
    assert.deepEqual(
      own.map(({ fixed }) => fixed?.on),
      [on],
      request,
    );
  }
});

test('no request comes twice, and the functions come as often as each other', () => {
  for (const rows of [learned, chosenBy, held]) {
    const parts = partsOf(rows);
    assert.equal(new Set(parts.map(({ request }) => request)).size, rows.length);
    const counts = new Map<string, number>();
    for (const { call } of parts) {
      const name = `${call.name as string} ${call.on as string}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 1);
    assert.equal(counts.size, FUNCTIONS.length);
  }
});

test('no wording, place, name or number of a row that is held back is one of another row', () => {
  const values = (rows: typeof learned) =>
    new Set(
      partsOf(rows).flatMap(({ call: { room, person, percent, degrees, minutes, time } }) =>
        [
          room ? `room ${room as string}` : [],
          person ? `person ${person as string}` : [],
          percent ? `percent ${percent as number}` : [],
          degrees ? `degrees ${degrees as number}` : [],
          minutes ? `minutes ${minutes as number}` : [],
          time ? `minute ${(time as string).slice(-2)}` : [],
        ].flat(),
      ),
    );
  const splits = [learned, chosenBy, held].map(values);
  const all = splits.flatMap((some) => [...some]);
  assert.equal(new Set(all).size, all.length);
  assert.ok(splits.every(({ size }) => size > 40));
  for (const { wordings } of FUNCTIONS) {
    assert.deepEqual(
      wordings.test.filter((text) => wordings.train.includes(text)),
      [],
    );
  }
  for (const lists of [ROOMS, PERSONS]) {
    assert.equal(new Set(Object.values(lists).flat()).size, Object.values(lists).flat().length);
  }
});

test('the same seed draws the same rows, another others', () => {
  const draw = (seed: number) => homeRows({ split: 'train', count: 50, seed });
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.throws(() => homeRows({ split: 'dev' as 'test', count: 5, seed: 1 }), {
    name: 'ArgumentError',
    message: 'homeRows: split must be train, valid or test, got "dev".',
  });
  assert.throws(() => homeRows({ split: 'train', count: 0, seed: 1 }), { name: 'ArgumentError' });
});

test('a call is right if keys and values are, whatever their order', () => {
  const right = '{"name":"dim","room":"attic","percent":35}';
  assert.ok(isSameCall('{ "percent": 35, "name": "dim",\n "room": "attic" }', right));
  for (const wrong of [
    '{"name":"dim","room":"attic","percent":"35"}',
    '{"name":"dim","room":"attic","percent":36}',
    '{"name":"dim","room":"attic"}',
    '{"name":"dim","room":"attic","percent":35,"on":true}',
    `${right} ${right}`,
    `Sure: ${right}`,
    'null',
    '',
  ]) {
    assert.ok(!isSameCall(wrong, right), wrong);
  }
  assert.deepEqual(homeRow('Hi', { name: 'call' }).messages[0], {
    role: 'system',
    content: HOME_RULE,
  });
});

test('answers that are no JSON are right if they are the same text', () => {
  assert.ok(isSameCall('Yes, on Monday.', 'Yes, on Monday.'));
  assert.equal(faultOfCall('Yes, on Monday.', 'Yes, on Monday.'), null);
  for (const wrong of ['No.', 'Yes, on Sunday.', '', 'null', '{}']) {
    assert.ok(!isSameCall(wrong, 'Yes, on Monday.'), wrong);
    assert.equal(faultOfCall(wrong, 'Yes, on Monday.'), 'form', wrong);
  }
});

test('a wrong call is wrong in its form, function, names or numbers, whichever comes first', () => {
  const right = '{"name":"meet","person":"Ada","day":"Monday","time":"10:30"}';
  for (const [written, fault] of [
    [right, null],
    ['{"name":"meet"', 'form'],
    ['{"name":"meet","person":"Ada","day":"Monday"}', 'form'],
    ['{"name":"call","person":"Eda","day":"Monday","time":"10:30"}', 'function'],
    ['{"name":"meet","person":" Ada","day":"Monday","time":"10:31"}', 'name'],
    ['{"name":"meet","person":"Ada","day":"Monday","time":"10:31"}', 'number'],
  ] as const) {
    assert.equal(faultOfCall(written, right), fault, written);
  }
  assert.equal(
    faultOfCall('{"name":"light","on":true}', '{"name":"light","on":false}'),
    'function',
  );
});

// `UPDATE_SNAPSHOTS=1 npm test` writes the files anew.
test('the rows that come with the course are drawn by this generator', () => {
  if (process.env.UPDATE_SNAPSHOTS) mkdirSync(HOME, { recursive: true });
  for (const [split, rows] of Object.entries({ train: learned, valid: chosenBy, test: held })) {
    const file = path.join(HOME, `${split}.jsonl`);
    const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(file, lines);
    assert.equal(readFileSync(file, 'utf8'), lines);
  }
});

test('there are fifty different questions of chat', () => {
  assert.equal(CHAT_QUESTIONS.length, 50);
  assert.equal(new Set(CHAT_QUESTIONS).size, 50);
});
