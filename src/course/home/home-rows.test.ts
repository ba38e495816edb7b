import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameCall } from './check-call';
import { HOME_RULE, homeRow, homeRows } from './home-rows';
import { FUNCTIONS, PERSONS, ROOMS } from './wordings';

const learned = homeRows({ split: 'train', count: 600, seed: 1 });
const held = homeRows({ split: 'test', count: 200, seed: 1 });
const partsOf = (rows: typeof learned) =>
  rows.map(({ messages }) => ({
    request: String(messages[1]?.content),
    call: JSON.parse(String(messages[2]?.content)) as Record<string, unknown>,
  }));

test('each request has its call: what it names is copied, and what it asks for is the function', () => {
  for (const { request, call } of partsOf([...learned, ...held])) {
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
  for (const rows of [learned, held]) {
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

test('no wording, place, name or number of a row that is held back is one of a row to learn from', () => {
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
  const [known, unknown] = [values(learned), values(held)];
  assert.deepEqual(
    [...unknown].filter((value) => known.has(value)),
    [],
  );
  assert.ok(unknown.size > 80);
  for (const { wordings } of FUNCTIONS) {
    assert.deepEqual(
      wordings.test.filter((text) => wordings.train.includes(text)),
      [],
    );
  }
  for (const lists of [ROOMS, PERSONS]) {
    assert.equal(
      new Set([...lists.train, ...lists.test]).size,
      lists.train.length + lists.test.length,
    );
  }
});

test('the same seed draws the same rows, another others', () => {
  const draw = (seed: number) => homeRows({ split: 'train', count: 50, seed });
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.throws(() => homeRows({ split: 'valid' as 'test', count: 5, seed: 1 }), {
    name: 'ArgumentError',
    message: 'homeRows: split must be train or test, got "valid".',
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
