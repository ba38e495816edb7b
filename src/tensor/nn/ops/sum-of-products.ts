import type * as tf from '@tensorflow/tfjs';

/** s ⊙ Σ L Rᵀ, or s ⊙ Σ L R, over pairs of one output shape, plus b and an addend. */
export interface SumOfProducts {
  /** L [n, inner] and R, [columns, inner] if `transpose`, else [inner, columns] */
  products: [left: tf.TensorInfo, right: tf.TensorInfo | PackedMatrix][];
  transpose: boolean;
  /** one number, [1, columns] or [n, columns] */
  scaling?: number | tf.TensorInfo;
  /** [columns] */
  bias?: tf.TensorInfo | null;
  /** [n, columns] */
  addend?: tf.TensorInfo;
}

/** A matrix whose numbers are unpacked as a shader reads them. */
export interface PackedMatrix {
  shape: number[];
  /** differs if the code differs */
  name: string;
  /** the tensors that hold the packed numbers */
  inputs: Record<string, tf.TensorInfo>;
  integers?: Record<string, number>;
  /** WGSL, the body of a function that gets an `index` in row-major order and returns the number */
  body: string;
}

/** The part that all shaders for a sum share. */
export interface SumShader {
  /** differs if the code differs */
  name: string;
  /** left0, left1 ..., those of each R, scales, bias, addend */
  inputs: Record<string, tf.TensorInfo>;
  integers: Record<string, number>;
  /** `scale` where it is one number */
  floats: Record<string, number>;
  /**
   * WGSL, the functions `right0`, `right1` ... for the numbers of each R, and `finish`, which turns
   * a sum into a number of the output
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
    name: `${transpose}_${scales !== null}_${Boolean(bias)}_${addend !== undefined}`,
    inputs: { ...(scales && { scales }), ...(bias && { bias }), ...(addend && { addend }) },
    integers: {},
    floats: typeof scaling === 'number' ? { scale: scaling } : {},
    functions: finish(sum),
  };
  for (const [i, [left, right]] of products.entries()) {
    const { name, inputs, integers, body } = 'body' in right ? right : denseMatrix(i, right);
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

function denseMatrix(i: number, matrix: tf.TensorInfo): PackedMatrix {
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
