export { connectChannel, KernelError } from './channel';
export { closeGroups, countGroups } from './console-groups';
export { clearOutput, display, newDisplay } from './display';
export type { Display, MimeBundle } from './display';
export { newLiveDisplay } from './live-display';
export type { LiveDisplay } from './live-display';
export { showTensors } from './tensor-text';
