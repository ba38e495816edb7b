/** A cell that has run: session (one, of this process), execution count, text. */
type Entry = [session: number, line: number, code: string];

const SESSION = 1;

/** A request of a front end for cells that ran, as the protocol names its fields. */
export interface HistoryRequest {
  hist_access_type?: unknown;
  /** with each text what it put out, which is not kept: null */
  output?: unknown;
  /** of `tail` and `search`: how many, the last ones */
  n?: unknown;
  /** of `range`: line numbers; without the last */
  start?: unknown;
  stop?: unknown;
  /** of `search`: `*` and `?` stand for any text and any character */
  pattern?: unknown;
  /** of `search`: each text once */
  unique?: unknown;
}

/** The cells of this process, for consoles; notebooks keep their own. */
export class History {
  private readonly entries: Entry[] = [];

  add(line: number, code: string): void {
    this.entries.push([SESSION, line, code]);
  }

  /** Answers a history_request; what is asked for and not there is an empty list. */
  find(request: HistoryRequest): { status: 'ok'; history: unknown[] } {
    const found = this.select(request);
    const history = request.output
      ? found.map(([session, line, code]) => [session, line, [code, null]])
      : found;
    return { status: 'ok', history };
  }

  private select(request: HistoryRequest): Entry[] {
    const { hist_access_type, n, start, stop, pattern, unique } = request;
    const last = (entries: Entry[]) => (typeof n === 'number' ? entries.slice(-n) : entries);
    switch (hist_access_type) {
      case 'tail':
        return last(this.entries);
      case 'range':
        return this.entries.filter(
          ([, line]) => line >= number(start, 1) && line < number(stop, Infinity),
        );
      case 'search': {
        const fits = matcher(typeof pattern === 'string' ? pattern : '*');
        const found = this.entries.filter(([, , code]) => fits.test(code));
        return last(unique ? lastOfEach(found) : found);
      }
      default:
        return [];
    }
  }
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

/** As in IPython, a whole text must fit. */
function matcher(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function lastOfEach(entries: Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry[2], entry])).values()];
}
