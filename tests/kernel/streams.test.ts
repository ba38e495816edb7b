import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelSession, shown } from './session';

describe('Streams of the Jupyter kernel, apart from the console', () => {
  let kernel: KernelSession;
  before(async () => {
    kernel = await KernelSession.start();
    await kernel.cell(`import { execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { promisify } from 'node:util';`);
  });
  after(() => kernel.stop());

  /** Runs a cell, and returns what it printed on each stream; texts that follow each other are joined. */
  async function streams(code: string): Promise<[string, string][]> {
    const { replies, outputs } = await kernel.run([`${code}\nvoid 0`], { timeout: 20 });
    const texts: [string, string][] = [];
    for (const { content } of shown(outputs[0] ?? [])) {
      const [name, text] = [content.name ?? 'error', content.text ?? content.evalue ?? ''];
      const last = texts.at(-1);
      if (last?.[0] === name) last[1] += text;
      else texts.push([name, text]);
    }
    assert.equal(replies[0]?.status, 'ok', `${code}\n${JSON.stringify(texts)}`);
    return texts;
  }

  const BOTH = `'echo λ; echo no >&2'`;
  const OUT: [string, string] = ['stdout', 'λ\n'];
  const ERR: [string, string] = ['stderr', 'no\n'];
  const children: Record<string, [code: string, expected: [string, string][]]> = {
    'execSync, inherit': [
      `console.log(execSync(${BOTH}, { stdio: 'inherit' }));`,
      [OUT, ERR, ['stdout', 'null\n']],
    ],
    'execSync, as it is': [`execSync(${BOTH});`, [ERR]],
    'execFileSync, one stream': [
      `execFileSync('sh', ['-c', ${BOTH}], { stdio: ['ignore', 'inherit', 'ignore'] });`,
      [OUT],
    ],
    'spawnSync, streams by number and exchanged': [
      `const { stdout, output } = spawnSync('sh', ['-c', ${BOTH}], { stdio: [0, 2, 1] });
console.log(stdout, output[2]);`,
      [
        ['stderr', 'λ\n'],
        ['stdout', 'no\nnull null\n'],
      ],
    ],
    'execSync that fails': [
      `try { execSync('echo λ; exit 3', { stdio: 'inherit' }); } catch (e: any) { console.log(e.status); }`,
      [['stdout', 'λ\n3\n']],
    ],
    'spawn, inherit': [
      `const child = spawn('echo', ['λ'], { stdio: 'inherit' });
await once(child, 'exit');
console.log([child.stdin, child.stdout, child.stdio]);`,
      [['stdout', 'λ\n[ null, null, [ null, null, null ] ]\n']],
    ],
    'spawn, process.stderr for both': [
      `await once(spawn('sh', ['-c', ${BOTH}], { stdio: ['pipe', process.stderr, 2] }), 'close');`,
      [['stderr', 'λ\nno\n']],
    ],
    'spawn of nothing': [
      `spawn('no-such-command', { stdio: 'inherit' }).on('error', (e) => console.log(e.message));
await new Promise((go) => setTimeout(go, 100));`,
      [['stdout', 'spawn no-such-command ENOENT\n']],
    ],
    fork: [
      `fs.writeFileSync('forked.js', "console.log('λ'); process.send(1); process.disconnect()");
const forked = fork('./forked.js');
const [message] = await once(forked, 'message');
await once(forked, 'exit');
console.log(message);`,
      [['stdout', 'λ\n1\n']],
    ],
  };
  for (const [name, [code, expected]] of Object.entries(children)) {
    test(`a child process prints below its cell: ${name}`, async () => {
      assert.deepEqual(await streams(code), expected);
    });
  }

  test('output of children stands in its order, whatever its size, and joins its characters', async () => {
    const [long] = await streams(`for (let i = 0; i < 3; i++) {
  console.log('before');
  spawnSync('node', ['-e', "process.stdout.write('λ'.repeat(3_000_001) + '\\\\n')"], { stdio: 'inherit' });
  const child = spawn('sh', ['-c', "printf '\\\\316'; sleep 0.1; printf '\\\\273\\\\n'"], { stdio: 'inherit' });
  await once(child, 'exit');
}`);
    const each = `before\n${'λ'.repeat(3_000_001)}\nλ\n`;
    assert.ok(long?.[1] === each.repeat(3), `${long?.[1].length} characters`);
  });

  test('a child that prints after its cell has ended prints below that cell', async () => {
    const { ids } = await kernel.run([
      `spawn('sh', ['-c', 'sleep 0.3; echo late'], { stdio: 'inherit' }); void 0`,
    ]);
    await kernel.cell('1 + 1');
    const outputs = await kernel.listen(1);
    assert.deepEqual(
      outputs.map(({ parent, content }) => [parent, content.text]),
      [[ids[0], 'late\n']],
    );
  });

  test('a child that reads the stdin of the kernel finds its end', async () => {
    assert.deepEqual(
      await streams(`console.log(execSync('cat; echo read', { stdio: ['inherit', 'pipe', 'pipe'] }) + '');
await once(spawn('cat', { stdio: 'inherit' }), 'exit');
await once(spawn('cat', { stdio: [process.stdin, 1, 2] }), 'exit');`),
      [['stdout', 'read\n\n']],
    );
  });

  const WRITES: Record<string, string> = {
    writeSync: `fs.writeSync(1, 'λ');`,
    'writeSync of a part': `fs.writeSync(process.stdout.fd, Buffer.from('-λ-'), 1, 2);`,
    write: `fs.write(1, 'λ', () => undefined);`,
    'write, promised': `const { bytesWritten } = await promisify(fs.write)(1, Buffer.from('λλ'), 0, 2);
if (bytesWritten !== 2) throw bytesWritten;`,
    writev: `fs.writevSync(1, [Buffer.of(0xce), Buffer.of(0xbb)]);`,
    writeFileSync: `fs.writeFileSync('/dev/stdout', 'λ');`,
    appendFile: `await promisify(fs.appendFile)('/dev/stdout', Buffer.from('λ'));`,
    openSync: `const fd = fs.openSync('/dev/stdout', 'w'); fs.writeSync(fd, 'λ'); fs.closeSync(fd);`,
    createWriteStream: `await once(fs.createWriteStream('/dev/stdout').end('λ'), 'close');`,
    'createWriteStream by number': `await once(fs.createWriteStream('', { fd: 1 }).end('λ'), 'close');`,
    'promises.writeFile': `await fs.promises.writeFile('/dev/stdout', 'λ');`,
    'a file handle': `const handle = await fs.promises.open('/dev/fd/1', 'a');
await handle.write('λ'); await handle.close();`,
    'a stream of a file handle': `const opened = await fs.promises.open('/proc/self/fd/1', 'w');
await once(opened.createWriteStream().end('λ'), 'close');`,
  };
  for (const [name, code] of Object.entries(WRITES)) {
    test(`prints what is written to the file of stdout: ${name}`, async () => {
      assert.deepEqual(await streams(code), [['stdout', 'λ']]);
      const other = code
        .replaceAll('stdout', 'stderr')
        .replace(/\b1\b(?=, ['B[]| })|\(1,|\/1/, (s) => s.replace('1', '2'));
      assert.deepEqual(await streams(other), [['stderr', 'λ']], other);
    });
  }

  test('says where to read what the user types, for readers that cannot wait', async () => {
    const reads = [
      `fs.readFileSync(0, 'utf8')`,
      `fs.readFileSync('/dev/stdin')`,
      `fs.readSync(process.stdin.fd, Buffer.alloc(1))`,
      `fs.openSync('/dev/stdin', 'r')`,
      `await promisify(fs.readFile)(0)`,
      `await fs.promises.readFile('/dev/stdin')`,
      `await fs.promises.open('/dev/stdin')`,
      `await once(fs.createReadStream('/dev/stdin'), 'data')`,
      `await once(fs.createReadStream('', { fd: 0 }), 'data')`,
    ];
    for (const code of reads) {
      const { replies } = await kernel.run([code], { timeout: 5 });
      assert.equal(replies[0]?.['ename'], 'StdinNotImplementedError', code);
      assert.match(String(replies[0]?.['evalue']), /process\.stdin.*await rl\.question\('...'\)/);
    }
  });

  test('files of other names and numbers are left alone', async () => {
    const code = `fs.writeFileSync('file.txt', 'a');
const file = fs.openSync('file.txt', 'a');
fs.writeSync(file, 'b'); fs.closeSync(file);
await fs.promises.appendFile('file.txt', 'c');
console.log(fs.readFileSync('file.txt', 'utf8'));`;
    assert.deepEqual(await streams(code), [['stdout', 'abc\n']]);
  });

  test('leaves the terminal empty', () => {
    assert.equal(kernel.terminal(), '');
  });
});
