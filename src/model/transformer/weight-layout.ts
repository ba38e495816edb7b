/** How a model family keeps its weights in model.safetensors. */
export interface WeightLayout {
  /** each parameter by its name in the model, with its shape in the file */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** the weights of linear layers */
  linear: RegExp;
  /** true if the file has the weights of linear layers (in, out); in a model they are (out, in) */
  transposed: boolean;
  /** what the names in a file may begin with or lack, such as `transformer.` */
  prefix: string;
  /** tensors of a file that are no weights, such as causal masks */
  ignored: RegExp;
  /** tensors that a file may repeat, each with the parameter that it must equal */
  tied: Readonly<Record<string, string>>;
}
