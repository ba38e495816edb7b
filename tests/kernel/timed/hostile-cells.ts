import { Draw } from '../../../src/tensor/runtime';

/** A cell that may do harm, and one that puts back what it has replaced. */
export interface HostileCell {
  code: string;
  /** it never ends by itself; it has printed something when it is to be interrupted */
  endless: boolean;
  restore: string;
}

const UNSETTLED = 'new Promise(() => {})';

/** Expressions whose value is hard to show, to throw or to keep. */
const VALUES = [
  '1',
  'undefined',
  'null',
  '-0',
  '10n ** 50n',
  "Symbol('s')",
  "''",
  "'\\ud83d'",
  "['\\udc00', { '\\ud800': 1 }]",
  "'😀'.split('')",
  "'x'.repeat(200_000)",
  'new Array(5_000).fill({ a: [1] })',
  'Promise.reject(new Error("rejected"))',
  UNSETTLED,
  '{ get a() { throw new Error("getter"); } }',
  "{ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1; } }",
  '{ toString() { throw 2; }, toJSON() { throw 3; }, valueOf() { throw 4; } }',
  'new Proxy({}, { get() { throw 5; }, ownKeys() { throw 6; }, has() { throw 7; } })',
  'new Proxy(function () {}, { apply() { throw 8; } })',
  'Object.create(null)',
  'Object.freeze(new Map([[NaN, new WeakMap()]]))',
  'new AggregateError([new Error("\\udfff"), null], "all")',
  'Object.assign(new Error(), { message: 5n, stack: 6, name: null, cause: undefined })',
  'Object.defineProperty(new Error("e"), "stack", { get() { throw 9; } })',
  'circle()',
  'deep(2_000)',
  'function* () { yield 1; }',
  'class { static #secret = 1; }',
  'new Uint8Array(100_000)',
  'globalThis',
  'new (class extends Error { get message(): string { throw 10; } })()',
];

/** What a cell does with a value v. */
const ACTS = [
  'throw v;',
  'v',
  'v;\nvoid 0',
  'console.log(v);',
  'console.error(v, v);',
  'console.table(v);',
  'console.dir(v, { depth: 8 });',
  'console.log("%s %d %o", v, v, v);',
  'await v;',
  'await Promise.race([v, pause(1)]);',
  'void Promise.reject(v);',
  'setTimeout(() => { throw v; }, 0);\nawait pause(5);',
  'setImmediate(() => { throw v; });',
  'process.nextTick(() => { throw v; });',
  'queueMicrotask(() => { throw v; });',
  'process.emitWarning(v);',
  'process.stdout.write(v);',
  'process.stderr.write(String(v));',
  'process.emit("uncaughtException", v);',
  'show(v);',
  '(function again() { try { again(); } finally { again(); } })',
  '[v, v].map((each) => { throw each; });',
  'for await (const each of [v, v]) console.log(each);',
  'console.group(v);\nthrow v;',
];

/** Readers of what a user types. Nobody answers: the cell is stopped while it waits. */
const READERS = [
  'await require("node:readline/promises").createInterface(process.stdin).question(v);',
  'require("node:readline").createInterface({ input: process.stdin }).question(String(v), (a: any) => { throw a; });',
  'for await (const line of require("node:readline").createInterface({ input: process.stdin })) throw line;',
  'for await (const chunk of process.stdin) throw chunk;',
  'process.stdin.on("data", () => { throw v; });\nvoid 0;',
  'process.stdin.once("readable", () => undefined);\nprocess.stdin.on("data", () => undefined);\nvoid 0;',
  'const twice = require("node:readline/promises").createInterface(process.stdin);\nawait Promise.all([twice.question(""), twice.question("")]);',
];

/** Cells that read or write past the streams of the kernel, and end by themselves. */
const PAST_STREAMS = [
  'process.stdin.destroy(v as any);',
  'process.stdin.resume().pause();\nvoid process.stdin.read();',
  'process.stdin.push(null);\nvoid 0;',
  'require("node:readline").createInterface({ input: process.stdin }).close();\nvoid 0;',
  'require("node:fs").readFileSync(0);',
  'require("node:fs").writeSync(1, v);',
  'require("node:fs").write(2, v, () => { throw v; });',
  'require("node:fs").closeSync(1);\nrequire("node:fs").closeSync(0);',
  'require("node:child_process").spawnSync("cat", { stdio: "inherit" });\nvoid 0;',
  'require("node:child_process").spawn("cat", { stdio: [v, v, v] });\nvoid 0;',
  'require("node:child_process").spawn("printf", ["\\\\360"], { stdio: "inherit" });\nvoid 0;',
];

/** Globals that a cell replaces by a value v. */
const GLOBALS = [
  'Promise',
  'JSON',
  'Map',
  'Date',
  'Buffer',
  'process',
  'console',
  'setTimeout',
  'setImmediate',
  'queueMicrotask',
  'structuredClone',
  'Error.prepareStackTrace',
  'Error.stackTraceLimit',
  'process.stdout.write',
  'process.nextTick',
];

/** Texts that do not compile, or hardly. */
const TEXTS = [
  'const = 3',
  'let a: number = "text";',
  '`${',
  '}',
  '\u0000',
  '/* no end',
  'import x from "./nowhere";',
  'import * as fs from "node:nothing";',
  'export default 3;',
  'return 5;',
  'await',
  'const exports = 3;',
  'class A extends A {}',
  'enum E { a = "\\ud800" }',
  `${'('.repeat(3_000)}1${')'.repeat(3_000)}`,
  `const long = ${JSON.stringify('y'.repeat(100_000))};`,
];

const ENDLESS = [
  'while (true) {}',
  'await new Promise(() => {});',
  'for (;;) await pause(1);',
  'setInterval(() => console.log("tick"), 1);\nawait new Promise(() => {});',
];

/** To be run first: what the cells call. */
export const PREPARE = `import { setTimeout as pause } from 'node:timers/promises';
import { display } from '../src/jupyter';
const kept: any = { Promise, JSON, Map, Date, Buffer, process, console, setTimeout, setImmediate, queueMicrotask,
  structuredClone, 'Error.stackTraceLimit': Error.stackTraceLimit,
  'process.stdout.write': process.stdout.write, 'process.nextTick': process.nextTick };
const circle = () => { const e: any = new Error('circle'); e.cause = e; e.self = [e]; return e; };
const deep = (n: number) => { let v: any = {}; for (let i = 0; i < n; i++) v = { v }; return v; };
const show = (v: any) => display({ 'text/plain': v, 'text/html': v });
const collectGarbage = (() => {
  require('node:v8').setFlagsFromString('--expose-gc');
  return require('node:vm').runInNewContext('gc');
})();`;

/** Draws cells without end; the same seed gives the same cells. */
export function* hostileCells(seed: number): Generator<HostileCell, never> {
  const draw = new Draw(seed, 'hostile cells');
  const value = () => draw.pick(VALUES);
  for (;;) {
    const kind = draw.unit();
    const cell = { code: draw.pick(TEXTS), endless: false, restore: '' };
    if (kind < 0.02) {
      yield { ...cell, code: `console.log('going');\n${draw.pick(ENDLESS)}`, endless: true };
    } else if (kind < 0.04) {
      const code = `console.log('going');\nconst v: any = '?';\n${draw.pick(READERS)}`;
      yield { ...cell, code, endless: true };
    } else if (kind < 0.08) {
      yield { ...cell, code: `const v: any = (${value()});\n${draw.pick(PAST_STREAMS)}` };
    } else if (kind < 0.12) {
      const name = draw.pick(GLOBALS);
      const place = name.includes('.') ? name : `globalThis.${name}`;
      const code = `(${place} as any) = (${value()}) as any;\n${draw.pick(ACTS).replaceAll('v', '1')}`;
      yield { ...cell, code, restore: `(${place} as any) = kept['${name}'];` };
    } else if (kind < 0.22) {
      yield cell;
    } else {
      const v = value();
      const acts = [draw.pick(ACTS), draw.pick(ACTS)].slice(0, draw.int(1, 2)).join('\n');
      const endless = v === UNSETTLED && /await v|for await/.test(acts);
      const code = `${endless ? "console.log('going');\n" : ''}const v: any = (${v});\n${acts}`;
      yield { ...cell, code, endless };
    }
  }
}
