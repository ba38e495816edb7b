import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { processorFlags } from '../../tensor/op';

const CPUINFO = '/proc/cpuinfo';

/** Units that decide how fast matrix products are, by their flags. */
const UNITS = { avx2: 'AVX2', avx512f: 'AVX-512', amx_tile: 'AMX' };

/**
 * Names the processor. A virtual machine may tell no more than the brand, so family, model and units
 * follow where Linux on x86 tells them.
 * @param cpuinfo the text of /proc/cpuinfo
 */
export function processorName(
  model = cpus()[0]?.model.trim() ?? 'unknown CPU',
  cpuinfo = existsSync(CPUINFO) ? readFileSync(CPUINFO, 'utf8') : '',
): string {
  const valueOf = (key: string) => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(cpuinfo)?.[1];
  const numbers = ['cpu family', 'model'].flatMap((key) => {
    const value = valueOf(key);
    return value === undefined ? [] : [`${key.replace('cpu ', '')} ${value}`];
  });
  const flags = processorFlags(cpuinfo);
  const units = Object.entries(UNITS).flatMap(([flag, unit]) => (flags.has(flag) ? [unit] : []));
  return [model, ...numbers, ...units].join(', ');
}
