import type * as tf from '@tensorflow/tfjs';

/** s ⊙ Σ L Rᵀ, or s ⊙ Σ L R, over pairs of one output shape, plus b and an addend. */
export interface SumOfProducts {
  /** L [n, inner] and R, [columns, inner] if `transpose`, else [inner, columns] */
  products: [left: tf.TensorInfo, right: tf.TensorInfo | PackedMatrix][];
  transpose: boolean;
  /** one, [1, columns] or [n, columns] */
  scaling?: number | tf.TensorInfo;
  /** [columns] */
  bias?: tf.TensorInfo | undefined;
  /** [n, columns] */
  addend?: tf.TensorInfo;
}

/** A matrix whose numbers are made as a shader reads them. */
export interface PackedMatrix {
  shape: number[];
  /** tells apart what has other code */
  name: string;
  /** what the numbers are made of */
  inputs: Record<string, tf.TensorInfo>;
  integers?: Record<string, number>;
  /** WGSL, the body of a function that gets an `index`, row by row, and returns the number there */
  body: string;
}

/** What the shaders for a sum have in common. */
export interface SumShader {
  /** tells apart what has other code */
  name: string;
  /** left0, left1 ..., those of each R, scales, bias, addend */
  inputs: Record<string, tf.TensorInfo>;
  integers: Record<string, number>;
  /** `scale` where it is one number */
  floats: Record<string, number>;
  /**
   * WGSL, the functions `right0`, `right1` ... for the numbers of each R, and `finish`, which makes
   * a number of the output from its sum
   */
  functions: string;
}

/** [n, columns] */
export function shapeOf({ products: [first], transpose }: SumOfProducts): [number, number] {
  const [left, right] = first as SumOfProducts['products'][number];
  return [left.shape[0] as number, right.shape[transpose ? 0 : 1] as number];
}

export function shaderOf(sum: SumOfProducts): SumShader {
  const { products, transpose, scaling = 1, bias, addend } = sum;
  const scales = typeof scaling === 'number' ? null : scaling;
  const shader: SumShader = {
    name: `${transpose}_${scales !== null}_${bias !== undefined}_${addend !== undefined}`,
    inputs: { ...(scales && { scales }), ...(bias && { bias }), ...(addend && { addend }) },
    integers: {},
    floats: typeof scaling === 'number' ? { scale: scaling } : {},
    functions: finish(sum),
  };
  for (const [i, [left, right]] of products.entries()) {
    const { name, inputs, integers, body } = 'body' in right ? right : plainMatrix(i, right);
    shader.name += `_${name}`;
    Object.assign(shader.inputs, { [`left${i}`]: left, ...inputs });
    Object.assign(shader.integers, integers);
    shader.functions += `
    fn right${i}(index : i32) -> f32 {
      ${body}
    }`;
  }
  return shader;
}

function plainMatrix(i: number, matrix: tf.TensorInfo): PackedMatrix {
  const name = `matrix${i}`;
  const body = `return ${name}[index];`;
  return { name, shape: matrix.shape, inputs: { [name]: matrix }, body };
}

function finish({ scaling = 1, bias, addend }: SumOfProducts): string {
  const { x, y } = { x: 'uniforms.scalesShape.x', y: 'uniforms.scalesShape.y' };
  const isOne = typeof scaling === 'number';
  return `
    fn finish(row : i32, column : i32, sum : f32) -> f32 {
      let scale = ${isOne ? 'uniforms.scale' : `scales[row % ${x} * ${y} + column]`};
      return scale * sum
          ${addend ? '+ addend[row * uniforms.outShape.y + column]' : ''}
          ${bias ? '+ bias[column]' : ''};
    }`;
}
