import type { Key } from '../../runtime';

/**
 * Threefry-2x32 with 20 rounds        (Salmon, Moraes, Dror and Shaw 2011)
 *
 * Two random words of 32 bits that follow from a key and a counter alone: each pair can be made by
 * itself, in any order, wherever numbers are added, rotated and xored. They are written to
 * `words[at]` and `words[at + 1]`.
 */
export function threefry(
  words: Uint32Array,
  at: number,
  key: Key,
  counter0: number,
  counter1: number,
): void {
  // Neither tables nor [a, b] = [b, a]: each would take half as long again.
  let a = key[0] | 0;
  let b = key[1] | 0;
  let c = a ^ b ^ 0x1bd11bda;
  let x = (counter0 + a) | 0;
  let y = (counter1 + b) | 0;
  for (let group = 1; group <= 5; group++) {
    if (group % 2 === 1) {
      x = (x + y) | 0;
      y = rotate(y, 13) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 15) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 26) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 6) ^ x;
    } else {
      x = (x + y) | 0;
      y = rotate(y, 17) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 29) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 16) ^ x;
      x = (x + y) | 0;
      y = rotate(y, 24) ^ x;
    }
    const first = a;
    a = b;
    b = c;
    c = first;
    x = (x + a) | 0;
    y = (y + b + group) | 0;
  }
  words[at] = x;
  words[at + 1] = y;
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
