import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface EncodedArray {
  shape: number[];
  data: string;
}

/** One golden case of `fixtures/lora_linear.py`. */
export interface LoraLinearCase {
  r: number;
  alpha: number;
  /** float32 */
  inputs: Record<string, EncodedArray>;
  /** float64 */
  results: Record<string, EncodedArray>;
}

/** The golden cases from PyTorch and PEFT. */
export function loraLinearCases(): LoraLinearCase[] {
  const file = join(__dirname, '../../tests/fixtures/lora_linear.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: LoraLinearCase[] }).cases;
}

export function decodeFloat32({ data }: EncodedArray): Float32Array {
  return new Float32Array(bytes(data));
}

export function decodeFloat64({ data }: EncodedArray): Float64Array {
  return new Float64Array(bytes(data));
}

function bytes(data: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(data, 'base64')).buffer;
}
