import type { GgufReader, GgufValue } from '../../files/gguf';
import { quote } from '../../tensor/errors';

/** Keys that say what is known already, or nothing about what is computed. */
const WITHOUT_EFFECT = ['vocab_size', 'rope.scaling.finetuned'];

/** Reads the keys of an architecture, such as `llama.block_count`, and collects every fault. */
export class GgufKeys {
  private readonly asked = new Set<string>(WITHOUT_EFFECT);
  private readonly faults: string[] = [];

  constructor(
    private readonly metadata: ReadonlyMap<string, GgufValue>,
    private readonly tensors: GgufReader['tensors'],
    private readonly architecture: string,
  ) {}

  /** The value of a key. Numbers have the digits of float32, as those that were written. */
  get(key: string): unknown {
    this.asked.add(key);
    return rounded(this.metadata.get(`${this.architecture}.${key}`));
  }

  /** The value of a key outside the architecture's. */
  tokenizer(key: string): unknown {
    return this.metadata.get(`tokenizer.ggml.${key}`);
  }

  /** True if the file has this tensor. */
  hasTensor(name: string): boolean {
    return this.tensors.has(name);
  }

  /** The number of rows of a tensor. */
  rowsOf(name: string): number | undefined {
    return this.tensors.get(name)?.shape[0];
  }

  /** Notes a fault unless a missing or this value is given. */
  fixed(key: string, value: unknown): void {
    const given = this.get(key) ?? value;
    if (given !== value) {
      this.fault(`${this.architecture}.${key} must be ${quote(value)}, got ${quote(given)}.`);
    }
  }

  fault(fault: string): void {
    this.faults.push(fault);
  }

  /** Every fault, and every key that was not read: it would compute something else. */
  allFaults(): string[] {
    const prefix = `${this.architecture}.`;
    const unread = [...this.metadata.keys()].filter(
      (key) => key.startsWith(prefix) && !this.asked.has(key.slice(prefix.length)),
    );
    return [...this.faults, ...unread.map((key) => `${key} is not built.`)];
  }
}

/** 1e-5 is written in float32, and read as 0.000009999999747378752. */
function rounded(value: GgufValue | undefined): unknown {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(7))
    : value;
}
