export { benchSmolLM2 } from './against-rivals';
export { bench } from './bench';
export { llamaShape } from './rivals/shapes';
