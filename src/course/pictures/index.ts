export { lowRankPicture, singularValues } from './low-rank-picture';
export type { PictureText } from './low-rank-picture';
export { modelPicture } from './model-picture';
export type { ModelPictureOptions } from './model-picture';
export type { Picture } from './picture';
