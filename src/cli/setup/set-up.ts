import { stateFolder } from '../../files/local';
import { jupyterKernelStep } from './jupyter-kernel';
import { pythonStep } from './python-packages';
import { runSteps } from './run-steps.cjs';
import { STEP } from './set-up-steps.cjs';
import { tensorflowStep } from './tensorflow/native-tensorflow';

/**
 * Does the steps after the two of bootstrap.cjs (npm packages, TypeScript build).
 * @param retry also retry native TensorFlow if it failed last time
 * @throws SetupError if a step fails that the lesson needs
 */
export async function setUp({ retry = false }: { retry?: boolean } = {}): Promise<void> {
  const steps = [pythonStep, tensorflowStep, jupyterKernelStep];
  await runSteps(steps, { stateFolder, names: Object.values(STEP), retry });
}
