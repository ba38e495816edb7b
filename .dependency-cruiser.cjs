/**
 * The house: which room may import which (type imports included).
 * A room is a folder of src/; its door is its index.ts.
 */
const rooms = {
  runtime: [],
  nn: ['runtime'],
  lora: ['nn', 'runtime'],
  quant: ['nn', 'runtime'],
  safetensors: ['runtime'],
  starts: ['lora', 'runtime'],
  combine: ['lora', 'runtime'],
  embeddings: ['lora', 'nn', 'runtime'],
  bank: ['lora', 'nn', 'runtime'],
  peft: ['embeddings', 'lora', 'nn', 'runtime', 'safetensors'],
  gpt2: ['nn', 'runtime', 'safetensors'],
  train: ['nn', 'runtime', 'safetensors'],
  tasks: [],
  finetune: ['gpt2', 'nn', 'runtime', 'tasks', 'train'],
  agents: ['bank', 'finetune', 'gpt2', 'nn', 'tasks'],
  plot: [],
  kernel: [],
  lesson: ['kernel', 'lora', 'quant', 'runtime', 'safetensors'],
};
// Commands are thin and stand at the top: they may use any room.
const above = ['cli'];
const all = [...Object.keys(rooms), ...above];

/** Test files stand beside their source but, like tests/, may enter through any door. */
const NOT_TESTS = '\\.test\\.ts$';

const downwards = Object.entries(rooms).map(([room, below]) => ({
  name: `${room}-imports-down`,
  comment: `src/${room} may import ${below.length > 0 ? below.join(', ') : 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: NOT_TESTS },
  to: { path: '^src/', pathNot: `^src/(${[room, ...below].join('|')})/` },
}));

const doors = all.map((room) => ({
  name: `${room}-has-one-door`,
  comment: `src/${room} is entered through its index.ts`,
  severity: 'error',
  from: { path: '^(src|tests)/', pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
}));

module.exports = {
  forbidden: [
    ...downwards,
    ...doors,
    {
      name: 'known-rooms',
      comment: 'a new room is entered in the table above',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(${all.join('|')})/` },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphan-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
  },
};
