import type * as tf from '@tensorflow/tfjs';

/** s ⊙ Σ L Rᵀ, or s ⊙ Σ L R, over pairs of one output shape, plus b. */
export interface SumOfProducts {
  /** L [n, inner] and R, [columns, inner] if `transpose`, else [inner, columns] */
  products: [left: tf.TensorInfo, right: tf.TensorInfo][];
  transpose: boolean;
  /** one, [1, columns] or [n, columns] */
  scaling?: number | tf.TensorInfo;
  /** [columns] */
  bias?: tf.TensorInfo | undefined;
}

/** What the shaders for a sum have in common. */
export interface SumShader {
  /** tells apart what has other code */
  name: string;
  /** left0, right0, left1 ..., scales, bias */
  inputs: Record<string, tf.TensorInfo>;
  /** `scale` where it is one number */
  floats: Record<string, number>;
  /** WGSL, a function `finish` that makes a number of the output from its sum */
  finish: string;
}

/** [n, columns] */
export function shapeOf({ products: [first], transpose }: SumOfProducts): [number, number] {
  const [left, right] = first as [tf.TensorInfo, tf.TensorInfo];
  return [left.shape[0] as number, right.shape[transpose ? 0 : 1] as number];
}

export function shaderOf({ products, transpose, scaling = 1, bias }: SumOfProducts): SumShader {
  const scales = typeof scaling === 'number' ? null : scaling;
  const inputs: Record<string, tf.TensorInfo> = {
    ...(scales && { scales }),
    ...(bias && { bias }),
  };
  for (const [i, [left, right]] of products.entries()) {
    inputs[`left${i}`] = left;
    inputs[`right${i}`] = right;
  }
  const { x, y } = { x: 'uniforms.scalesShape.x', y: 'uniforms.scalesShape.y' };
  return {
    name: `${products.length}_${transpose}_${scales !== null}_${bias !== undefined}`,
    inputs,
    floats: typeof scaling === 'number' ? { scale: scaling } : {},
    finish: `
    fn finish(row : i32, column : i32, sum : f32) -> f32 {
      let scale = ${scales ? `scales[row % ${x} * ${y} + column]` : 'uniforms.scale'};
      return scale * sum${bias ? ' + bias[column]' : ''};
    }`,
  };
}
