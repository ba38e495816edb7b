/**
 * The door to the notebook: what a cell, or a room above, may ask of the kernel.
 * It loads without the kernel itself, which `launcher.ts` starts.
 */
export { KernelError } from './channel';
export { definitionOf, describeError } from './definitions';
export type { Definition } from './definitions';
export { clearOutput, display, newDisplay } from './display';
export type { Display, MimeBundle } from './display';
export { newLiveDisplay } from './live-display';
export type { LiveDisplay } from './live-display';
export { kernelSpec } from './kernelspec';
export type { KernelSpec, KernelSpecOptions } from './kernelspec';
export { reload } from './reload';
