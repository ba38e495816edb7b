import * as tf from '@tensorflow/tfjs';
import { ArgumentError, nearest } from '../errors';
import { assertBackendChosen } from './backend-choice';
import { hasNativeOps } from './native-ops';
import { assertShapes, type ShapeFrom } from './shapes';

/** An op's inputs by name. One that is null or left out does not reach the kernels. */
type Tensors<T> = { [Name in keyof T]: tf.Tensor | null | undefined };

/** One tensor, or several by name. */
type Info<Output> = Output extends tf.Tensor
  ? tf.TensorInfo
  : { [Name in keyof Output]: tf.TensorInfo };

/** Computes an op's output. What it makes on the way, it frees itself. */
export type Kernel<Inputs, Attrs, Output> = (inputs: Inputs, attrs: Attrs) => Info<Output>;

/** Which of an op's kernels runs: the reference, the compiled one, or the one in WGSL. */
export type Slot = 'reference' | 'native' | 'webgpu';

/** What an op without attributes gets. */
export type NoAttrs = Record<never, never>;

/** The inputs that the gradient gets by name, and the outputs: `output` if there is one alone. */
type Saved<Inputs, Output> = Inputs & (Output extends tf.Tensor ? { output: Output } : Output);

/** The shape of every input, and of attributes that are tensors; it may follow from the attributes. */
type Shapes<Inputs, Attrs> = { readonly [Name in keyof Inputs]: ShapeFrom<Attrs> } & {
  readonly [Name in keyof Attrs]?: ShapeFrom<Attrs>;
};

export interface OpDefinition<Inputs extends Tensors<Inputs>, Attrs, Output> {
  /** what a call must fit, since kernels trust it */
  shapes: Shapes<Inputs, Attrs>;
  /** in tfjs ops, for every backend; the other kernels must equal it */
  reference: Kernel<Inputs, Attrs, Output>;
  /** on TensorFlow's CPU, with the project's own TensorFlow ops (`op.cc`) */
  native?: Kernel<Inputs, Attrs, Output>;
  /** on a GPU through WebGPU, in WGSL (`op-webgpu.ts`) */
  webgpu?: Kernel<Inputs, Attrs, Output>;
  /** the names of several outputs, in order; a kernel may leave out the last ones */
  outputs?: Output extends tf.Tensor ? never : readonly (keyof Output & string)[];
  /** an input that the op frees: a kernel may write an output over it */
  consumes?: keyof Inputs & string;
  /** the inputs and outputs that the gradient needs; nothing else stays in memory until then */
  saves?: readonly (keyof Saved<Inputs, Output> & string)[];
  /** dL/d of the outputs -> dL/d of each input, as a closure: an input that is frozen costs nothing */
  gradient?: (
    dy: Output,
    saved: Saved<Inputs, Output>,
    attrs: Attrs,
  ) => { [Name in keyof Inputs]?: () => tf.Tensor };
}

/** A call of an op. Its output is owned by the caller. */
export type Op<Inputs, Attrs, Output> = (
  inputs: Inputs,
  ...attrs: [keyof Attrs] extends [never] ? [] : [attrs: Attrs]
) => Output;

/** The parts of a definition that are names of its tensors. */
interface Names {
  shapes: object;
  saves?: readonly string[];
  consumes?: string;
  outputs?: readonly string[];
}

type Runs = Partial<Record<Slot, number>>;

/** Marks our kernels and gradients in tfjs's registry, which outlives a reload of this file. */
const OURS = Symbol.for('lora.defineOp');

const BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'];
const runs = new Map<string, Runs>();

/**
 * Defines an op: enters its kernels and its gradient in the tfjs registry, for every backend, and
 * returns the call that runs it as one op on the tape. A later definition of a name replaces an
 * earlier one. Attributes may be anything, tensors included; those stay the caller's. A call whose
 * tensors do not fit the op's shapes throws a ShapeError before any kernel runs, and one before
 * `useAccelerator` an AcceleratorError.
 *
 * `LORA_KERNELS=reference` makes all ops run their reference.
 * @throws ArgumentError if tfjs or another package has a kernel of that name, or `saves` or
 *   `consumes` names no tensor of the op
 */
export function defineOp<
  Inputs extends Tensors<Inputs>,
  Attrs extends object = NoAttrs,
  Output extends tf.Tensor | Tensors<Output> = tf.Tensor,
>(name: string, definition: OpDefinition<Inputs, Attrs, Output>): Op<Inputs, Attrs, Output> {
  assertFree(name);
  assertNames(name, definition);
  const codec = new Codec<Output>(definition.outputs);
  const counts: Runs = { reference: 0 };
  if (definition.native) counts.native = 0;
  if (definition.webgpu) counts.webgpu = 0;
  runs.set(name, counts);
  for (const backendName of BACKENDS) {
    if (tf.getKernel(name, backendName)) tf.unregisterKernel(name, backendName);
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
      const slot = slotOn(backendName, counts);
      counts[slot] = (counts[slot] ?? 0) + 1;
      const kernel = definition[slot] ?? definition.reference;
      return codec.toList(kernel(inputs as unknown as Inputs, attrs as unknown as Attrs));
    };
    const ours = Object.assign(kernelFunc, { [OURS]: true });
    tf.registerKernel({ kernelName: name, backendName, kernelFunc: ours });
  }
  if (tf.getGradient(name)) tf.unregisterGradient(name);
  if (definition.gradient) tf.registerGradient(gradientOf(name, definition, codec));
  const { consumes, shapes } = definition;
  return (inputs, ...[attrs]) => {
    assertBackendChosen(name);
    assertShapes(name, { ...attrs, ...inputs }, shapes);
    const given = withoutNulls(inputs);
    const made = tf.engine().runKernel(name, given, attrs ?? {});
    if (consumes) given[consumes]?.dispose();
    return codec.fromList(made);
  };
}

/** How often each op ran each of its kernels, by the op's name; kernels that it lacks are absent. */
export function kernelRuns(): ReadonlyMap<string, Readonly<Runs>> {
  return runs;
}

/** Whether `LORA_KERNELS=reference`: everything is computed by tfjs's own kernels. */
export function isReference(): boolean {
  return process.env.LORA_KERNELS === 'reference';
}

function slotOn(backendName: string, counts: Runs): Slot {
  if (isReference()) return 'reference';
  if (backendName === 'webgpu' && counts.webgpu !== undefined) return 'webgpu';
  // CUDA is the same backend, without the project's own ops.
  if (backendName === 'tensorflow' && counts.native !== undefined && hasNativeOps()) {
    return 'native';
  }
  return 'reference';
}

/** An op's output, a tensor or tensors by name, as tfjs has it: a tensor or a list. */
class Codec<Output> {
  constructor(private readonly names: readonly string[] | undefined) {}

  toList(output: Info<Output>): tf.TensorInfo | tf.TensorInfo[] {
    if (!this.names) return output as tf.TensorInfo;
    const named = output as Record<string, tf.TensorInfo | undefined>;
    return this.names.flatMap((name) => named[name] ?? []);
  }

  fromList(made: tf.Tensor | tf.Tensor[]): Output {
    if (!this.names) return made as Output;
    return Object.fromEntries([made].flat().map((one, i) => [this.names?.[i], one])) as Output;
  }
}

function gradientOf<Inputs extends Tensors<Inputs>, Attrs, Output>(
  kernelName: string,
  { outputs, saves = [], gradient }: OpDefinition<Inputs, Attrs, Output>,
  codec: Codec<Output>,
): tf.GradConfig {
  const allSaved: readonly string[] = saves;
  const allOutputs: readonly string[] = outputs ?? ['output'];
  const inputsToSave = allSaved.filter((name) => !allOutputs.includes(name));
  const names = [...inputsToSave, ...allOutputs.filter((name) => allSaved.includes(name))];
  const config: tf.GradConfig = {
    kernelName,
    inputsToSave,
    outputsToSave: allOutputs.map((name) => allSaved.includes(name)),
    gradFunc: (dy, saved, attrs) => {
      const named = saved.map((one, i) => [names[i], one] as const);
      const byName = Object.fromEntries(named) as Saved<Inputs, Output>;
      const gradients = gradient?.(codec.fromList(dy), byName, attrs as unknown as Attrs);
      return gradients as ReturnType<tf.GradFunc>;
    },
  };
  return Object.assign(config, { [OURS]: true });
}

/** A name of tfjs's own would change what tfjs computes, everywhere. */
function assertFree(name: string): void {
  const kernels = BACKENDS.map((backend) => tf.getKernel(name, backend)?.kernelFunc);
  const taken = [...kernels, tf.getGradient(name)].some((one) => one && !(OURS in one));
  if (!taken) return;
  throw new ArgumentError(
    `defineOp: name must be one that tfjs does not have, got ${name}. Choose another name.`,
  );
}

function assertNames(
  op: string,
  { shapes, saves = [], consumes, outputs = ['output'] }: Names,
): void {
  const inputs = Object.keys(shapes);
  const allowed = { saves: [...inputs, ...outputs], consumes: inputs };
  for (const [key, names] of Object.entries({ saves, consumes: consumes ? [consumes] : [] })) {
    const known = allowed[key as keyof typeof allowed];
    const wrong = names.find((name) => !known.includes(name));
    if (wrong === undefined) continue;
    const near = nearest(wrong, known);
    throw new ArgumentError(
      `defineOp: ${key} of ${op} must name ${known.join(' or ')}, got ${wrong}.${near ? ` Did you mean ${near}?` : ''}`,
    );
  }
}

function withoutNulls(inputs: object): tf.NamedTensorMap {
  return Object.fromEntries(Object.entries(inputs).filter(([, one]) => Boolean(one)));
}
