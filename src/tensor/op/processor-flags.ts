import { existsSync, readFileSync } from 'node:fs';

const CPUINFO = '/proc/cpuinfo';

/**
 * Lists what the processor can do, in Linux's words such as `avx2`; nothing elsewhere.
 * @param cpuinfo the text of /proc/cpuinfo
 */
export function processorFlags(
  cpuinfo = existsSync(CPUINFO) ? readFileSync(CPUINFO, 'utf8') : '',
): ReadonlySet<string> {
  return new Set(/^flags\s*: (.*)$/m.exec(cpuinfo)?.[1]?.split(' '));
}
