import type { Architecture } from './architectures';

/** What the config says already: see `llama3Parameters`. */
const FREQUENCY_DIVISORS = 'rope_freqs.weight';

/** Finds the stored name of each of Hugging Face's tensors, and the tensors that it does not have. */
export function storedNames(
  tensors: Iterable<string>,
  architecture: Architecture,
): { stored: Map<string, string>; unknown: string[] } {
  const stored = new Map<string, string>();
  const unknown: string[] = [];
  for (const storedName of tensors) {
    const name = nameOf(storedName, architecture);
    if (name !== null) stored.set(name, storedName);
    else if (storedName !== FREQUENCY_DIVISORS) unknown.push(storedName);
  }
  return { stored, unknown };
}

/** Hugging Face's name: `blk.0.attn_q.weight` is model.layers.0.self_attn.q_proj.weight. */
function nameOf(storedName: string, { blocks, names }: Architecture): string | null {
  const [, block, part = '', kind] =
    /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(storedName) ?? [];
  if (!Object.hasOwn(names, part)) return null;
  const module = names[part] as string;
  return block === undefined ? `${module}.${kind}` : `${blocks}.${Number(block)}.${module}.${kind}`;
}
