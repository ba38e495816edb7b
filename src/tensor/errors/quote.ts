/** Writes a value from a file as JSON, cut to fit a message: the file may be hostile. */
export function quote(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
