/** Names what was given where something else is wanted: its class, or the value itself. */
export function kindOf(given: unknown): string {
  return given instanceof Object ? given.constructor.name : String(given);
}
