/** Faults that a message lists; a hostile file may have 100,000. */
const SHOWN = 20;

/** Lists faults after a colon: one on the same line, several each on a line of its own. */
export function listFaults(faults: readonly string[]): string {
  const hidden = faults.length - SHOWN;
  const shown = hidden > 0 ? [...faults.slice(0, SHOWN), `and ${hidden} more.`] : faults;
  return shown.length > 1 ? `\n  ${shown.join('\n  ')}` : ` ${shown.join()}`;
}
