/**
 * Which room may import which, type imports included, out of src/wings.json: a wing's `imports` are
 * wings, or single rooms, that stand before it; a room may also import the rooms of its wing that
 * stand before it. The files right in a wing's folder may import all its rooms.
 */
const wings = require('./src/wings.json');

/** Test files stand beside their source but, like tests/, may enter through any door. */
const NOT_TESTS = '\\.test\\.ts$';

const places = Object.entries(wings).flatMap(([wing, { imports, rooms }]) => {
  const names = Object.keys(rooms).map((room) => `${wing}/${room}`);
  return [
    ...names.map((name, i) => ({ name, allowed: [...imports, ...names.slice(0, i)], within: [] })),
    { name: wing, allowed: [...imports, ...names], within: names },
  ];
});

/** @param {string} place */
const folder = (place) => `^src/${place}/`;

const downwards = places.map(({ name, allowed, within }) => ({
  name: `${name}-imports-down`,
  comment: `src/${name} may import ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: folder(name), pathNot: [NOT_TESTS, ...within.map(folder)] },
  to: { path: '^src/', pathNot: [name, ...allowed].map(folder) },
}));

const doors = places.map(({ name, within }) => ({
  name: `${name}-has-one-door`,
  comment: `src/${name} is entered through its index.ts`,
  severity: 'error',
  // bootstrap.cjs runs before there is a built door.
  from: { path: '^(src|tests)/', pathNot: [folder(name), '\\.cjs$'] },
  to: { path: folder(name), pathNot: [`^src/${name}/index\\.ts$`, ...within.map(folder)] },
}));

module.exports = {
  forbidden: [
    ...downwards,
    ...doors,
    {
      name: 'known-wings',
      comment: 'a new wing is entered in src/wings.json',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [...Object.keys(wings).map(folder), '^src/wings\\.json$'] },
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
