/** The scale s of an adapter, from its alpha and rank. */
export type Scaling = (alpha: number, r: number) => number;

/** s = alpha / r        (Hu et al. 2021) */
export const overRank: Scaling = (alpha, r) => alpha / r;

/** s = alpha / √r, so that adapters of high rank learn as fast       (rsLoRA, Kalajdzievski 2023) */
export const rsLora: Scaling = (alpha, r) => alpha / Math.sqrt(r);
