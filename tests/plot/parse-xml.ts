/** One element of a parsed document; `text` is what stands directly in it, entities resolved. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const NAME = '[A-Za-z_][\\w.-]*';
const ATTRIBUTE = `\\s+(${NAME})="([^"<]*)"`;
const TOKEN = `<(${NAME})((?:${ATTRIBUTE})*)\\s*(/?)>|</(${NAME})>|([^<]+)`;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * A strict parser of the XML that drawings need: elements, attributes in double quotes, text.
 * @throws Error at the first place that is not well-formed
 */
export function parseXml(source: string): XmlElement {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(source)) {
    throw new Error('parseXml: a character that XML does not allow');
  }
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const token = new RegExp(TOKEN, 'y');
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    const parent = open.at(-1);
    if (match === null || parent === undefined) throw new Error(`parseXml: stray < at ${at}`);
    const [, start, attributes = '', , , empty, end, text] = match;
    if (start !== undefined) {
      const child = { name: start, attributes: readAttributes(attributes), children: [], text: '' };
      parent.children.push(child);
      if (empty === '') open.push(child);
    } else if (end !== undefined) {
      if (parent.name !== end) throw new Error(`parseXml: </${end}> closes <${parent.name}>`);
      open.pop();
    } else {
      parent.text += resolve(text ?? '');
    }
  }
  const [document, ...more] = root.children;
  if (open.length !== 1 || document === undefined || more.length > 0 || root.text.trim() !== '') {
    throw new Error('parseXml: must be one closed element');
  }
  return document;
}

function readAttributes(source: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of source.matchAll(new RegExp(ATTRIBUTE, 'g'))) {
    if (name in found) throw new Error(`parseXml: ${name} stands twice`);
    found[name] = resolve(value);
  }
  return found;
}

function resolve(text: string): string {
  return text.replace(/&([^;]*);?/g, (entity, name: string) => {
    const letter = ENTITIES[name];
    if (letter === undefined || !entity.endsWith(';')) throw new Error(`parseXml: ${entity}`);
    return letter;
  });
}

/** All elements of that name, in document order. */
export function findAll(element: XmlElement, name: string): XmlElement[] {
  const below = element.children.flatMap((child) => findAll(child, name));
  return element.name === name ? [element, ...below] : below;
}
