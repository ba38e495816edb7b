/**
 * The part of the Jupyter kernel that cells and other wings call. It loads neither tslab nor
 * zeromq: `launcher.ts` starts the kernel itself.
 */
export { clearOutput, display, KernelError, newDisplay, newLiveDisplay } from './display';
export type { Display, LiveDisplay, MimeBundle } from './display';
export { kernelSpec } from './kernelspec';
export type { KernelSpec, KernelSpecOptions } from './kernelspec';
export { reload } from './reload';
export { definitionOf, describeError } from './source';
export type { Definition } from './source';
