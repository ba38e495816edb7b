/** The spaces that Python strips. Those of JavaScript have U+FEFF, and not U+001C to U+001F and U+0085. */
const SPACES = /[\p{White_Space}\u001c-\u001f]/u;

/** The ends of a text. */
export type Ends = 'both' | 'start' | 'end';

/** Takes characters off the ends of a text: spaces, unless others are given. */
export function strip(text: string, ends: Ends, characters?: string): string {
  const off = characters === undefined ? null : new Set(characters);
  const isOff = (letter = '') => (off ? off.has(letter) : SPACES.test(letter));
  const letters = [...text];
  let [from, to] = [0, letters.length];
  while (ends !== 'end' && from < to && isOff(letters[from])) from++;
  while (ends !== 'start' && to > from && isOff(letters[to - 1])) to--;
  return letters.slice(from, to).join('');
}
