import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readWings } from '../../src/cli/testing';
import { drawWings } from './draw-wings';
import { root } from './pages';

const PICTURE = path.join(root, 'docs/wings.svg');

// `UPDATE_SNAPSHOTS=1 npm test` draws it anew.
test('the picture of the wings is drawn from src/wings.json', () => {
  const wanted = drawWings(readWings());
  if (process.env.UPDATE_SNAPSHOTS) writeFileSync(PICTURE, wanted);
  else assert.equal(readFileSync(PICTURE, 'utf8'), wanted);
});

test('each wing and room is written in the picture', () => {
  const svg = drawWings(readWings());
  for (const [wing, { rooms }] of Object.entries(readWings())) {
    for (const name of [wing, ...Object.keys(rooms)]) assert.ok(svg.includes(`>${name}</text>`));
  }
});
