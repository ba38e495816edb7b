import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/local';

/** How often the tests of a room run. */
export type Tested = 'once' | 'every accelerator';

/** A room of a wing. */
export interface Room {
  holds: string;
  /** by default that of its wing */
  tests?: Tested;
}

/** A folder of src/. */
export interface Wing {
  holds: string;
  /** wings, or rooms as `wing/room` */
  imports: string[];
  tests: Tested;
  /** by folder; each imports only those before it */
  rooms: Record<string, Room>;
}

/** Reads src/wings.json: the wings by folder, the lowest first. */
export function readWings(): Record<string, Wing> {
  const json = readFileSync(path.join(projectRoot, 'src', 'wings.json'), 'utf8');
  return JSON.parse(json) as Record<string, Wing>;
}
