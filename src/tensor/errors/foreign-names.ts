/**
 * What other libraries call our options, without capitals and underscores, and how they are written
 * here: those of PEFT, transformers, PyTorch and bitsandbytes.
 */
const FOREIGN = {
  adaptername: 'bank.add(name, (model) => loadAdapter(model, folder)), of an AdapterBank',
  alphapattern: 'alpha: (name) => ...',
  basemodelnameorpath: 'savePretrained(model, folder, { config: { base_model_name_or_path } })',
  bias: 'trainBaseParameters(model, { bias })',
  excludemodules: 'targetModules: (name) => ...',
  faninfanout: 'savePretrained(model, folder, { config: { fan_in_fan_out } })',
  initloraweights: 'init: gaussian, or call initFromBase(model, pissa) after injectLora',
  istrainable: 'nothing: A and B are trainable, and freezeBaseModel(model) ends that',
  layerstotransform: 'targetModules: (name) => ...',
  loraalpha: 'alpha',
  loradropout: 'dropout',
  lorapluslrratio: 'adamW({ ratio: loraPlus(16) })',
  loraplusweightdecay: 'adamW({ weightDecay })',
  modulestosave: 'trainBaseParameters(model, { modulesToSave })',
  rank: 'r',
  rankpattern: 'r: (name) => ...',
  safemerge: 'nothing: merged weights are always checked',
  tasktype: 'savePretrained(model, folder, { config: { task_type } })',
  usedora: 'variant: dora',
  userslora: 'scaling: rsLora',

  batchsize: 'drawBatches(examples, { size })',
  betas: 'beta1 and beta2',
  epochs: 'steps',
  eps: 'epsilon',
  gradientaccumulationsteps: 'accumulate',
  learningrate: 'adamW({ learningRate })',
  lr: 'learningRate',
  lrschedulertype: 'schedule',
  maxgradnorm: 'maxGradientNorm',
  maxsteps: 'steps',
  numtrainepochs: 'steps',
  perdevicetrainbatchsize: 'drawBatches(examples, { size })',
  warmupsteps: 'schedule: warmUp(steps, after)',
  weightdecay: 'adamW({ weightDecay })',

  dosample: 'temperature',
  eostokenid: 'stopTokens',
  stopstrings: 'stop',

  bnb4bitquanttype: 'type',
  bnb4bitusedoublequant: 'doubleQuantize',
  compressstatistics: 'doubleQuantize',
  loadin4bit: 'linear: quantizedLinear()',
  quantizationconfig: 'linear: quantizedLinear()',
  quanttype: 'type',
} as const;

/** A name without capitals and underscores. */
export function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** How another library's option is written here; undefined if it is not known. */
export function ourNameFor(name: string): string | undefined {
  return new Map<string, string>(Object.entries(FOREIGN)).get(plainName(name));
}
