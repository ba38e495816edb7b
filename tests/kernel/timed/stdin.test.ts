import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { KernelSession, type Results, shown, textOf } from '../session';

interface Question {
  type: string;
  id: string;
  parent: string;
  content: { prompt: string; password: boolean };
}

/** Seconds in which a question would arrive. */
const SOON = 0.5;

describe('Input of the Jupyter kernel', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
    await kernel.cell(`import fs from 'node:fs';
import { once } from 'node:events';
import readline from 'node:readline';
import promises from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';`);
  });
  after(() => kernel.stop());

  const submit = (code: string, options: object = {}): Promise<string> =>
    kernel.call('submit', { code, ...options }) as Promise<string>;
  const question = (timeout = 10): Promise<Question | null> =>
    kernel.call('question', { timeout }) as Promise<Question | null>;
  const answer = (line: string, to?: string) => kernel.call('answer', { line, to });
  const results = (id: string): Promise<Results> =>
    kernel.call('collect', { ids: [id], timeout: 10 }) as Promise<Results>;

  /** Runs a cell, answers its questions, and returns their prompts and what the cell printed. */
  async function converse(code: string, ...answers: string[]) {
    // Not the last value, which would be printed.
    const id = await submit(`${code}\nvoid 0`);
    const prompts: string[] = [];
    for (const line of answers) {
      const asked = await question();
      assert.ok(asked, `no question to answer ${line} to:\n${code}`);
      assert.deepEqual([asked.type, asked.parent], ['input_request', id]);
      assert.equal(asked.content.password, false);
      prompts.push(asked.content.prompt);
      await answer(line);
    }
    const { replies, outputs } = await results(id);
    assert.equal(await question(0.05), null, `a question too many:\n${code}`);
    const printed = textOf(shown(outputs[0] ?? []));
    assert.equal(replies[0]?.status, 'ok', `${code}\n${printed}`);
    return { prompts, printed };
  }

  /** Asserts that a cell is interrupted at its question, and that the next one works. */
  async function interruptAt(code: string): Promise<Question> {
    const id = await submit(code);
    const asked = await question();
    assert.ok(asked, code);
    // Nobody is faster, and a signal may be lost while the cell's synchronous part ends.
    await pause(200);
    await kernel.call('signal');
    const { replies, idle } = await results(id);
    assert.deepEqual([replies[0]?.['ename'], idle[0]], ['Interrupted', true]);
    assert.equal(await kernel.text('1 + 1'), '2\n');
    return asked;
  }

  const READERS: Record<string, { code: string; prompts: string[] }> = {
    'question of node:readline/promises': {
      code: `const rl = promises.createInterface({ input: process.stdin, output: process.stdout });
const name = await rl.question('Your name? ');
rl.close();
console.log([name, await 0]);`,
      prompts: ['Your name? '],
    },
    'an interface that nobody closes': {
      code: `const open = promises.createInterface(process.stdin, process.stdout);
console.log([await open.question('Open? '), 0]);`,
      prompts: ['Open? '],
    },
    'a question with a callback, that the cell does not await': {
      code: `const asks = readline.createInterface({ input: process.stdin, output: process.stdout });
asks.question('Who? ', (who) => { console.log([who, 0]); asks.close(); });`,
      prompts: ['Who? '],
    },
    'util.promisify': {
      code: `const r = readline.createInterface({ input: process.stdin });
console.log([await promisify(r.question).call(r, 'When? '), 0]);`,
      prompts: ['When? '],
    },
    'new Interface': {
      code: `const made = new (promises as any).Interface({ input: process.stdin });
console.log([await made.question('New? '), 0]);
made.close();`,
      prompts: ['New? '],
    },
    'an event of lines': {
      code: `const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => { console.log([line, 0]); lines.close(); });`,
      prompts: [''],
    },
    'events.once': {
      code: `const [said] = await once(readline.createInterface({ input: process.stdin }), 'line');
console.log([said, 0]);`,
      prompts: [''],
    },
    'data, once': {
      code: `process.stdin.once('data', (data) => console.log([data.toString().trim(), 0]));`,
      prompts: [''],
    },
    'data, with an encoding': {
      code: `process.stdin.setEncoding('utf8').on('data', (data: any) => {
  process.stdin.pause();
  console.log([data.trim(), 0]);
});`,
      prompts: [''],
    },
    readable: {
      code: `await once(process.stdin, 'readable');
console.log([String(process.stdin.read()).trim(), 0]);`,
      prompts: [''],
    },
    'a loop over the stream': {
      code: `for await (const chunk of process.stdin) { console.log([String(chunk).trim(), 0]); break; }`,
      prompts: [''],
    },
  };
  for (const [name, { code, prompts }] of Object.entries(READERS)) {
    test(`asks the user, who answers: ${name}`, async () => {
      const expected = { prompts, printed: "[ 'Ada λ', 0 ]\n" };
      assert.deepEqual(await converse(code, 'Ada λ'), expected);
    });
  }

  test('a loop over lines asks when it wants its next line, and ends by break', async () => {
    const { prompts, printed } = await converse(
      `for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  console.log(line);
  await new Promise((go) => setTimeout(go, 100));
}
console.log('done');`,
      ...['one', '', ...'abcdefghijkl', 'end'],
    );
    assert.deepEqual(new Set(prompts), new Set(['']));
    assert.equal(printed, `one\n\n${[...'abcdefghijkl'].join('\n')}\ndone\n`);
  });

  test('questions one after another, and two at once, are asked in their order', async () => {
    const { prompts, printed } = await converse(
      `const both = promises.createInterface({ input: process.stdin, output: process.stdout });
const other = promises.createInterface({ input: process.stdin, output: process.stdout });
const first = await both.question('1? ');
const rest = await Promise.all([both.question('2? '), other.question('3? ')]);
console.log([first, ...rest]);`,
      ...['a', 'b', 'c'],
    );
    assert.deepEqual([prompts, printed], [['1? ', '2? ', '3? '], "[ 'a', 'b', 'c' ]\n"]);
  });

  test('an interface of an earlier cell asks for the cell that uses it', async () => {
    await converse(`const kept = promises.createInterface({ input: process.stdin });`);
    assert.deepEqual(await converse(`console.log(await kept.question('Now? '));`, 'yes'), {
      prompts: ['Now? '],
      printed: 'yes\n',
    });
    assert.equal((await converse(`kept.once('line', (l) => console.log(l))`, 'l')).printed, 'l\n');
  });

  test('an interrupt drops the question; a late answer, of any front end, is ignored', async () => {
    const asks = `console.log(await rl2.question('Late? '));`;
    await converse(`const rl2 = promises.createInterface({ input: process.stdin });`);
    const { id } = await interruptAt(asks);
    await answer('late', id);
    await answer('late');
    assert.equal((await converse(asks, 'in time')).printed, 'in time\n');
    // An answer to the dropped question while another is open.
    const next = await submit(asks);
    const asked = await question();
    await answer('late', id);
    await answer('in time', asked?.id);
    assert.equal(textOf(shown((await results(next)).outputs[0] ?? [])), 'in time\n');
  });

  test('an interrupt stops readers of each kind', async () => {
    await interruptAt(`for await (const line of readline.createInterface(process.stdin)) {}`);
    await interruptAt(`await text(process.stdin)`);
    await interruptAt(`process.stdin.on('data', () => undefined);`);
    await interruptAt(`rl2.question('Callback? ').then(() => console.log('no'));`);
  });

  test('a cell that fails while its question is open ends; what it left open asks no more', async () => {
    const id = await submit(`process.stdin.on('data', () => undefined);
const never = rl2.question('Never? ');
await new Promise((go) => setTimeout(go, 200));
throw new Error('failed');`);
    const asked = await question();
    const { replies } = await results(id);
    assert.equal(replies[0]?.['evalue'], 'failed');
    await answer('late', asked?.id);
    assert.equal((await converse(`console.log(await rl2.question('Next? '))`, 'n')).printed, 'n\n');
  });

  test('a question is aborted by its signal', async () => {
    const id = await submit(`const signal = AbortSignal.timeout(200);
await rl2.question('Soon? ', { signal }).catch((error) => console.log(error.name, error.code));`);
    assert.equal((await question())?.content.prompt, 'Soon? ');
    assert.equal(textOf((await results(id)).outputs[0] ?? []), 'AbortError ABORT_ERR\n');
  });

  test('an interrupted cell does not go on when the signal of its question aborts', async () => {
    await interruptAt(`const later = AbortSignal.timeout(400);
await rl2.question('Later? ', { signal: later }).catch(() => console.log('goes on'));`);
    assert.deepEqual(await kernel.listen(0.6), []);
  });

  test('a front end without input gets an error from each reader, at once', async () => {
    for (const { code } of Object.values(READERS)) {
      const { replies } = await results(await submit(code, { allow_stdin: false }));
      assert.equal(replies[0]?.['ename'], 'StdinNotImplementedError', code);
      assert.match(
        String(replies[0]?.['evalue']),
        /allow_stdin is false.*Run the cell in JupyterLab/,
      );
    }
    assert.equal(await question(SOON), null);
    const harmless = `[process.stdin.isTTY, process.stdin.fd, process.stdin === process.stdin]`;
    const id = await submit(harmless, { allow_stdin: false });
    assert.equal(textOf((await results(id)).outputs[0] ?? []), '[ false, 0, true ]\n');
  });

  test('code that goes on after its cell gets the error, below its cell', async () => {
    const late = `setTimeout(() => rl2.question('Late? ').catch((e) => console.log(e.name)), 50);`;
    const id = await submit(late);
    await results(id);
    const outputs = await kernel.listen(SOON);
    assert.deepEqual(
      outputs.map(({ parent, content }) => [parent, content.text]),
      [[id, 'StdinNotImplementedError\n']],
    );
    assert.equal(await question(0.1), null);
  });

  test('leaves readers of other streams as they are', async () => {
    await kernel.cell(`fs.writeFileSync('lines.txt', 'a\\nb\\n');`);
    const { printed } = await converse(`const file = () => fs.createReadStream('lines.txt');
for await (const line of readline.createInterface({ input: file() })) console.log(line);
console.log(await promises.createInterface({ input: file() }).question('') );`);
    assert.equal(printed, 'a\nb\na\n');
  });
});
