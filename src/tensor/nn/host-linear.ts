import type { LinearLayer } from './linear-layer';

/** A linear layer's numbers on the host. */
export interface HostLinear {
  /** W [d, k], row by row */
  weight: Float32Array;
  /** b [d], or null */
  bias: Float32Array | null;
  /** d */
  outFeatures: number;
  /** k */
  inFeatures: number;
}

/** Makes a linear layer of numbers that were never on the accelerator. */
export type MakeLinear = (host: HostLinear) => LinearLayer;
