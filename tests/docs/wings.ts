import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './pages';

/** A wing, as src/wings.json has it. */
export interface Wing {
  holds: string;
  /** wings, or rooms of them, such as `tensor/errors` */
  imports: string[];
  rooms: Record<string, { holds: string }>;
}

/** By name, from the lowest to the highest. */
export type Wings = Record<string, Wing>;

export function readWings(): Wings {
  return JSON.parse(readFileSync(path.join(root, 'src/wings.json'), 'utf8')) as Wings;
}
