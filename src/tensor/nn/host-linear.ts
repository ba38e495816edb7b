import type { LinearLayer } from './linear-layer';

/** The integers that codes stand for: from -8 to 7, from 0 to 15, or from -128 to 127. */
export type IntegerType = 'int4' | 'uint4' | 'int8';

/** W as integers: w = s q + m, with s and m for each block of numbers. */
export interface HostIntegers {
  type: IntegerType;
  /** q, row by row */
  codes: Int8Array;
  /** numbers that share s and m; a row is whole blocks */
  blockSize: number;
  /** s, one for each block */
  scales: Float32Array;
  /** m, one for each block, or null for none */
  offsets: Float32Array | null;
}

/** A linear layer's numbers on the host. */
export interface HostLinear {
  /** W [d, k], row by row */
  weight: Float32Array;
  /** the integers that W is, if its file has it so */
  integers?: HostIntegers | null;
  /** b [d], or null */
  bias: Float32Array | null;
  /** d */
  outFeatures: number;
  /** k */
  inFeatures: number;
}

/** Makes a linear layer of numbers that were never on the accelerator. */
export type MakeLinear = (host: HostLinear) => LinearLayer;
