import { isList, isMap, isText, type RuntimeValue } from './runtime-value';
import { textOf } from './text-of';

interface Layout {
  indent: number | null;
  isAscii: boolean;
  isSorted: boolean;
  between: string;
  colon: string;
}

const OPTIONS = ['indent', 'ensure_ascii', 'separators', 'sort_keys'];

/**
 * Writes JSON as Python's `json.dumps(value, ensure_ascii=False)` does. An empty list stays on its
 * line, which it does not in the library.
 * @param options the keywords of Python's function, as a map
 * @throws Error if there are other options, or the value can't be written
 */
export function toJson(value: RuntimeValue, options?: RuntimeValue): string {
  return write(value, layoutOf(options), 0);
}

function layoutOf(options: RuntimeValue | undefined): Layout {
  const given = options && isMap(options) ? options.value : new Map<string, RuntimeValue>();
  if ((options && !isMap(options)) || [...given.keys()].some((key) => !OPTIONS.includes(key))) {
    throw new Error(`tojson takes the keywords ${OPTIONS.join(', ')} alone`);
  }
  const get = (key: string) => given.get(key)?.value ?? null;
  const indent = get('indent');
  if (indent !== null && typeof indent !== 'number') {
    throw new Error('the indent of tojson must be a number');
  }
  const separators = get('separators') as RuntimeValue[] | null;
  const [between = '', colon = ''] = separators?.map(({ value }) => value as string) ?? [
    indent === null ? ', ' : ',',
    ': ',
  ];
  const isAscii = get('ensure_ascii') === true;
  return { indent, isAscii, isSorted: get('sort_keys') === true, between, colon };
}

function write(value: RuntimeValue, layout: Layout, depth: number): string {
  if (isList(value)) {
    const items = value.value.map((item) => write(item, layout, depth + 1));
    return enclose('[', items, ']', layout, depth);
  }
  if (isMap(value)) {
    const entries = [...value.value];
    if (layout.isSorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const items = entries.map(
      ([key, item]) => quoted(key, layout) + layout.colon + write(item, layout, depth + 1),
    );
    return enclose('{', items, '}', layout, depth);
  }
  if (isText(value)) return quoted(value.value, layout);
  if (value.type === 'UndefinedValue' || typeof value.value === 'function') {
    throw new Error(`tojson can't write ${value.type}`);
  }
  if (value.value === undefined) return 'null';
  return typeof value.value === 'boolean' ? String(value.value) : textOf(value);
}

function enclose(
  open: string,
  items: string[],
  close: string,
  { indent, between }: Layout,
  depth: number,
): string {
  if (indent === null || items.length === 0) return open + items.join(between) + close;
  const line = `\n${' '.repeat(indent * depth)}`;
  const inner = line + ' '.repeat(indent);
  return open + inner + items.join(between + inner) + line + close;
}

function quoted(text: string, { isAscii }: Layout): string {
  const json = JSON.stringify(text);
  if (!isAscii) return json;
  return json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
