import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../src/files/local';
import { readSafetensors } from '../src/files/safetensors';

/** The folder of fixtures, which the Python scripts in it made. */
export const FIXTURES = path.join(projectRoot, 'tests', 'fixtures');

/** Numbers of a fixture, little-endian in base64. */
export interface EncodedArray {
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
  const file = path.join(FIXTURES, 'lora_linear.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: LoraLinearCase[] }).cases;
}

export function decodeFloat32({ data }: EncodedArray): Float32Array {
  return new Float32Array(bytes(data));
}

export function decodeFloat64({ data }: EncodedArray): Float64Array {
  return new Float64Array(bytes(data));
}

/** Every tensor of a safetensors file in tests/fixtures, by name. */
export async function readTensors(name: string): Promise<Map<string, Float32Array>> {
  const reader = await readSafetensors(path.join(FIXTURES, name));
  const all = new Map<string, Float32Array>();
  for (const tensor of reader.tensors.keys()) all.set(tensor, await reader.read(tensor));
  await reader.close();
  return all;
}

function bytes(data: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(data, 'base64')).buffer;
}
