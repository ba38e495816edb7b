import type * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors';

/**
 * The shape of a tensor, or several that it may have: a name or a number for each axis, `'n k'`;
 * `'... k'` for any axes before the last; `'int32 n'` for whole numbers, where others are float32.
 * A name has one size, and `...` one list of sizes, in all tensors of a call.
 */
export type Shape = string | readonly string[];

/** A shape, or what gives it for the attributes of a call. */
export type ShapeFrom<Attrs> = Shape | ((attrs: Attrs) => Shape);

/** The sizes of the axes that are known so far, by name. */
type Sizes = Map<string, number | string>;

interface Pattern {
  dtype: string;
  hasLeading: boolean;
  axes: (string | number)[];
}

const parsed = new Map<string, Pattern>();

/**
 * @param given the inputs and attributes of a call, by name
 * @throws ShapeError, in the op's name, for the first tensor that does not fit
 */
export function assertShapes<Attrs>(
  op: string,
  given: Attrs,
  shapes: Readonly<Record<string, ShapeFrom<Attrs>>>,
): void {
  const sizes: Sizes = new Map();
  for (const name in shapes) {
    const shape = shapes[name] as ShapeFrom<Attrs>;
    const allowed = typeof shape === 'function' ? shape(given) : shape;
    const tensor = (given as Record<string, tf.Tensor | number | null | undefined>)[name];
    // An input may be left out, and an attribute be a number.
    if (!tensor || typeof tensor === 'number') continue;
    const fitsOne = (pattern: string) => fits(tensor, parse(pattern), sizes);
    if (typeof allowed === 'string' ? fitsOne(allowed) : allowed.some(fitsOne)) continue;
    const patterns = [allowed].flat().map(parse);
    const wanted = patterns.map((pattern) => inWords(pattern, sizes)).join(' or ');
    throw new ShapeError(
      `${op}: ${name} must be ${wanted}, got ${tensor.dtype} [${tensor.shape.join(', ')}].`,
    );
  }
}

/** Whether a tensor fits. If it does, the axes that had no size yet have one. */
function fits(tensor: tf.Tensor, pattern: Pattern, sizes: Sizes): boolean {
  const { axes, hasLeading } = pattern;
  const { shape, dtype } = tensor;
  const first = shape.length - axes.length;
  if (dtype !== pattern.dtype || first < 0 || (first > 0 && !hasLeading)) return false;
  const isKnown = (axis: string | number, i: number) => {
    const size = sizeOf(axis, sizes);
    return size === undefined || size === shape[first + i];
  };
  if (!axes.every(isKnown)) return false;
  if (hasLeading) {
    const leading = shape.slice(0, first).join(', ');
    if ((sizes.get('...') ?? leading) !== leading) return false;
    sizes.set('...', leading);
  }
  axes.forEach(
    (axis, i) => typeof axis === 'string' && sizes.set(axis, shape[first + i] as number),
  );
  return true;
}

function sizeOf(axis: string | number, sizes: Sizes): number | string | undefined {
  return typeof axis === 'number' ? axis : sizes.get(axis);
}

/** `float32 [n, k = 4]` */
function inWords({ dtype, hasLeading, axes }: Pattern, sizes: Sizes): string {
  const words = [...(hasLeading ? ['...'] : []), ...axes].map((axis) => {
    const size = sizeOf(axis, sizes);
    return size === undefined || size === axis ? axis : `${axis} = ${size}`;
  });
  return `${dtype} [${words.join(', ')}]`;
}

function parse(pattern: string): Pattern {
  let known = parsed.get(pattern);
  if (!known) {
    const words = pattern.split(' ').filter(Boolean);
    const dtype = words[0] === 'int32' ? (words.shift() as string) : 'float32';
    const hasLeading = words[0] === '...';
    const axes = words.slice(hasLeading ? 1 : 0);
    known = { dtype, hasLeading, axes: axes.map((axis) => (/^\d/.test(axis) ? +axis : axis)) };
    parsed.set(pattern, known);
  }
  return known;
}
