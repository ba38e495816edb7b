export { jupyterKernelStep } from './jupyter-kernel';
export { tensorflowStep } from './tensorflow/native-tensorflow';
export { peftStep, makePeftPython, peftPython } from './peft-environment';
export { pythonStep } from './python-packages';
export { SetupError } from './run-program.cjs';
export { isReady, lastFailure } from './run-steps.cjs';
export { setUp } from './set-up';
export { softwareVulkan } from './software-vulkan';
export { hasNvidiaGpu } from './tensorflow/tensorflow-library';
