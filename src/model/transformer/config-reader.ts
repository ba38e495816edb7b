import { FileError } from '../../files/local';
import { quote } from '../../tensor/errors';
import { isTokenId } from './token-id';

/** Beyond any decoder; a hostile config must not fill the memory with names. */
const MAX = { size: 2 ** 20, layers: 1000 };

/** Reads values from the JSON of a config.json, and collects every fault. */
export class ConfigReader {
  /** @param prefix of the keys in faults, if the JSON is the value of a key itself */
  constructor(
    readonly json: Readonly<Record<string, unknown>>,
    private readonly prefix = '',
    private readonly faults: string[] = [],
  ) {}

  /** Reads the object that a key holds; null and a missing key mean an empty one. */
  below(key: string, value = this.json[key] ?? {}): ConfigReader {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.expect(isObject, key, 'an object', value);
    const json = (isObject ? value : {}) as Record<string, unknown>;
    return new ConfigReader(json, `${this.prefix}${key}.`, this.faults);
  }

  /** Notes a fault unless the key's value is good. */
  expect(good: boolean, key: string, expected: string, given = this.json[key]): void {
    if (!good) this.faults.push(`${this.prefix}${key} must be ${expected}, got ${quote(given)}.`);
  }

  /** A positive integer; null and a missing key mean the fallback. */
  size(key: string, fallback?: number): number {
    return this.integer(key, MAX.size, fallback);
  }

  /** The number of blocks. */
  layers(key: string): number {
    return this.integer(key, MAX.layers);
  }

  /** A positive number; null and a missing key mean the fallback. */
  positive(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    const good = typeof value === 'number' && value > 0 && value < Infinity;
    this.expect(good, key, 'a positive number', value);
    return value as number;
  }

  /** True or false; null and a missing key mean the fallback. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.json[key] ?? fallback;
    this.expect(typeof value === 'boolean', key, 'true or false', value);
    return value as boolean;
  }

  /** A value that the model supports; others would compute something else. A missing key means it. */
  fixed(values: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(values)) {
      this.expect((this.json[key] ?? value) === value, key, JSON.stringify(value));
    }
  }

  /** The tokens that end a text. */
  eosTokenIds(): number[] {
    const ids: unknown[] = [this.json.eos_token_id ?? []].flat();
    this.expect(ids.every(isTokenId), 'eos_token_id', 'a token id, a list of them or null');
    return ids as number[];
  }

  /** @throws FileError listing every fault */
  assertGood(caller: string, file: string): void {
    // Two readers of one key find its fault twice.
    if (this.faults.length > 0) throw new FileError(caller, file, [...new Set(this.faults)]);
  }

  private integer(key: string, max: number, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    const good = Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= max;
    this.expect(good, key, `an integer from 1 to ${max}`, value);
    return value as number;
  }
}
