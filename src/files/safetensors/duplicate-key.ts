/**
 * Finds the first key that an object in this JSON holds twice; `JSON.parse` would silently keep the
 * last. The text must be valid JSON.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: Set<string>[] = []; // the keys of each object (or list) around this place
  let lastString = '';
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      const end = endOfString(json, i);
      lastString = JSON.parse(json.slice(i, end + 1)) as string;
      i = end;
    } else if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === ':') {
      const keys = open.at(-1);
      if (keys?.has(lastString)) return lastString;
      keys?.add(lastString);
    }
  }
  return undefined;
}

/** The position of the quote that closes the one at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i;
}
