export { redirectOutput } from './output';
export { connectReadline } from './readline';
export { connectStdin } from './stdin';
