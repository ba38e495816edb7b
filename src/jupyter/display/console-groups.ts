/** Groups of the console that are open: the indentation of its lines. */
let open = 0;
let endGroup: () => void = () => undefined;

/** Counts the groups that cells open, for `closeGroups`. The launcher calls it once. */
export function countGroups(): void {
  const { console } = globalThis;
  for (const name of ['group', 'groupCollapsed'] as const) {
    const start = console[name].bind(console);
    console[name] = (...label: unknown[]): void => {
      start(...label);
      open += 1;
    };
  }
  endGroup = console.groupEnd.bind(console);
  console.groupEnd = (): void => {
    endGroup();
    open = Math.max(0, open - 1);
  };
}

/** Closes all groups. A cell that ends inside one, by an error say, does not indent the next. */
export function closeGroups(): void {
  for (; open > 0; open--) endGroup();
}
