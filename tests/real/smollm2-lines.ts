import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FIXTURES } from '../fixture';

/** A line, its ids, and the text that they stand for where that is another. */
type Row = [line: string, ids: number[], text?: string];

const file = path.join(FIXTURES, 'smollm2_tokens.json.gz');

/** The lines of `fixtures/smollm2_tokens.py`. */
export const smolLM2Lines = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Row[];
