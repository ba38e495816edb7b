export { DECODER_EXERCISES, DECODER_SOLUTIONS } from './decoder-exercises';
