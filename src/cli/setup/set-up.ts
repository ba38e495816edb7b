import { stateFolder } from '../../files/local';
import { kernelStep } from './jupyter-kernel';
import { nativeStep } from './native-tensorflow';
import { pythonStep } from './python-packages';
import { runSteps } from './run-steps.cjs';

/**
 * Does what is still to do after the two steps of bootstrap.cjs (npm packages, TypeScript build).
 * `retry` also tries the native library again where it failed last time.
 * @throws SetupError if a step fails that the lesson needs
 */
export async function setUp({ retry = false }: { retry?: boolean } = {}): Promise<void> {
  const steps = [pythonStep, nativeStep, kernelStep];
  await runSteps(steps, { stateFolder, first: 3, total: 5, retry });
}
