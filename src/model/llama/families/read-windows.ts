import type { ConfigReader } from '../../transformer';
import { KINDS } from '../read-rope';

/** Reads `layer_types`: which blocks are sliding. A missing key means `fallback`. */
export function readLayerTypes(
  keys: ConfigReader,
  layers: number,
  fallback: (layer: number) => boolean,
): boolean[] {
  const { layer_types: types } = keys.json;
  if ((types ?? null) === null) return Array.from({ length: layers }, (_, i) => fallback(i));
  const given: unknown[] = Array.isArray(types) ? types : [types];
  const isGood = given.length === layers && given.every((type) => KINDS.includes(type as string));
  keys.expect(isGood, 'layer_types', `a list of ${layers}, each ${KINDS.join(' or ')}`);
  return given.map((type) => type === 'sliding_attention');
}

/** Reads the window of each block as Qwen has it: only with `use_sliding_window`, in the last blocks. */
export function readWindows(keys: ConfigReader, layers: number): (number | null)[] {
  if (!keys.flag('use_sliding_window', false)) return new Array<null>(layers).fill(null);
  const window = keys.size('sliding_window', 4096);
  const { max_window_layers: first = 28 } = keys.json as { max_window_layers?: number };
  keys.expect(Number.isSafeInteger(first), 'max_window_layers', 'an integer', first);
  return readLayerTypes(keys, layers, (i) => i >= first).map((slides) => (slides ? window : null));
}
