/**
 * What a cell, or a wing above, may ask of the kernel. It loads without the kernel itself, which
 * `launcher.ts` starts.
 */
export { clearOutput, display, KernelError, newDisplay, newLiveDisplay } from './display';
export type { Display, LiveDisplay, MimeBundle } from './display';
export { kernelSpec } from './kernelspec';
export type { KernelSpec, KernelSpecOptions } from './kernelspec';
export { reload } from './reload';
export { definitionOf, describeError } from './source';
export type { Definition } from './source';
