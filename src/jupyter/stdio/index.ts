export { redirectChildren } from './children';
export { redirectFiles } from './files';
export { redirectOutput } from './output';
export { connectReadline } from './readline';
export { connectStdin } from './stdin';
