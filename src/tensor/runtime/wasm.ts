import * as tf from '@tensorflow/tfjs';
import { isReference, replaceKernel } from '../op';

/** Opens WebAssembly, which every Node has. @returns the device in words */
export async function openWasm(): Promise<string> {
  await import('@tensorflow/tfjs-backend-wasm');
  if (!isReference()) replaceProduct();
  return 'CPU, WebAssembly, one thread';
}

type Matrix = tf.Tensor2D;
type Product = (a: Matrix, b: Matrix) => Matrix;

/**
 * tfjs's wasm multiplies two untransposed matrices with XNNPACK's vector code, but transposed ones
 * number by number, ten to fifteen times as slowly: here they are transposed first. (Several in a
 * batch it multiplies slowly in any case; taking them apart takes as long.)
 */
function replaceProduct(): void {
  replaceKernel('BatchMatMul', 'wasm', (original) => (given) => {
    const { a, b } = given.inputs as { a: tf.Tensor; b: tf.Tensor };
    if (!isOneMatrix(a) || !isOneMatrix(b)) return original(given);
    const attrs = { transposeA: false, transposeB: false };
    const multiply: Product = (x, y) => {
      const product = original({ ...given, inputs: { a: x, b: y }, attrs });
      return tf.engine().makeTensorFromTensorInfo(product as tf.TensorInfo) as Matrix;
    };
    return tf.tidy(() => {
      const [x, y] = [a, b].map((each) => each.reshape(each.shape.slice(-2))) as [Matrix, Matrix];
      const product = transposeAndMultiply(x, y, given.attrs as Transpositions, multiply);
      const batch = a.rank > b.rank ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
      return product.reshape([...batch, ...product.shape]);
    });
  });
}

/** Not a batch of several. */
function isOneMatrix({ shape }: tf.Tensor): boolean {
  return shape.slice(0, -2).every((size) => size === 1);
}

type Transpositions = { transposeA: boolean; transposeB: boolean };

/** Aᵀ B is (Bᵀ A)ᵀ, and A Bᵀ is (B Aᵀ)ᵀ: what is smaller is transposed. */
function transposeAndMultiply(
  a: Matrix,
  b: Matrix,
  { transposeA, transposeB }: Transpositions,
  multiply: Product,
): Matrix {
  const [n, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const d = transposeB ? b.shape[0] : b.shape[1];
  if (transposeA && transposeB) return multiply(b, a).transpose();
  if (transposeA) {
    return n * inner <= inner * d + n * d
      ? multiply(a.transpose(), b)
      : multiply(b.transpose(), a).transpose();
  }
  if (!transposeB) return multiply(a, b);
  return inner * d <= n * inner + n * d
    ? multiply(a, b.transpose())
    : multiply(b, a.transpose()).transpose();
}
