import { inspect } from 'node:util';
import { look } from '../protocol';

/** What is read of a tensor of tfjs, a package that this wing does not import. */
interface Tensor {
  shape: number[];
  dtype: string;
  size: number;
  isDisposed: boolean;
  toString(): string;
}

/** The module of tfjs that defines tensors. */
interface TensorModule {
  Tensor: { prototype: Tensor };
  getBackend(): string;
}

/** Lets a tensor print what a learner looks for: shape, dtype and values, instead of its fields. */
export function showTensors(tfjs: TensorModule): void {
  const value = function (this: Tensor, depth: number, options: { depth: number }): string {
    return look(() => textOf(this, tfjs, depth !== options.depth), 'Tensor');
  };
  Object.defineProperty(tfjs.Tensor.prototype, inspect.custom, { value, writable: true });
}

/** Values of a tensor inside an array or an object are shown up to this number. */
const FEW = 6;

function textOf(tensor: Tensor, tfjs: TensorModule, isNested: boolean): string {
  const head = `${tensor.constructor.name} [${tensor.shape.join(', ')}] ${tensor.dtype}`;
  if (tensor.isDisposed) return `${head}, disposed`;
  if (isNested && tensor.size > FEW) return head;
  // There only `data()` reads.
  const isFar = tfjs.getBackend() === 'webgpu';
  const values = isFar ? undefined : look(() => tensor.toString().replace(/^.*\n/, ''), undefined);
  if (values === undefined) return `${head}, values: await its data()`;
  return isNested ? `${head} ${values.trim().replace(/\s+/g, ' ')}` : `${head}\n${values}`;
}
