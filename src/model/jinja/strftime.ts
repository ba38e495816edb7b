const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/**
 * Writes a date as Python's strftime does, whose names are English on every machine.
 * @throws Error if a directive is none of %Y %y %m %B %b %d %A %a %j %H %I %M %S %p %%
 */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(.?)/g, (directive, letter: string) => {
    const write = DIRECTIVES[letter];
    if (write) return write(date);
    throw new Error(`strftime_now: ${directive} is not built.`);
  });
}

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => pad(date.getFullYear(), 4),
  y: (date) => pad(date.getFullYear() % 100),
  m: (date) => pad(date.getMonth() + 1),
  B: (date) => nameOf(MONTHS, date.getMonth()),
  b: (date) => nameOf(MONTHS, date.getMonth()).slice(0, 3),
  d: (date) => pad(date.getDate()),
  A: (date) => nameOf(DAYS, date.getDay()),
  a: (date) => nameOf(DAYS, date.getDay()).slice(0, 3),
  j: (date) => pad(dayOfYear(date), 3),
  H: (date) => pad(date.getHours()),
  I: (date) => pad(date.getHours() % 12 || 12),
  M: (date) => pad(date.getMinutes()),
  S: (date) => pad(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  '%': () => '%',
};

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function nameOf(names: readonly string[], index: number): string {
  return names[index] as string;
}

function dayOfYear(date: Date): number {
  const days = (month: number, day: number) => Date.UTC(date.getFullYear(), month, day) / 864e5;
  return days(date.getMonth(), date.getDate()) - days(0, 0);
}
