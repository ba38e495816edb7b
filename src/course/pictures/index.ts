export { descentChart } from './descent-chart';
export { lossesChart } from './losses-chart';
export { lowRankPicture, singularValues } from './low-rank-picture';
export type { PictureText } from './low-rank-picture';
export { modelPicture } from './model-picture';
export type { ModelPictureOptions } from './model-picture';
export type { Picture } from './picture';
export { parameterChart } from './parameter-chart';
