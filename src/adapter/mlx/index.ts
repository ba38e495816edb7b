export { convertFromMlx, convertToMlx } from './convert-mlx';
export type { ConvertOptions } from './convert-mlx';
