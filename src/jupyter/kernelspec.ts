/** What Jupyter reads from `kernel.json`. */
export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  env: Record<string, string>;
  interrupt_mode: 'signal';
  metadata: Record<string, unknown>;
}

/** What is particular to one machine: absolute paths, and the environment of the native libraries. */
export interface KernelSpecOptions {
  node: string;
  launcher: string;
  env?: Record<string, string>;
}

/** The content of `kernel.json`, to be stored as `share/jupyter/kernels/tslab/kernel.json`. */
export function kernelSpec({ node, launcher, env = {} }: KernelSpecOptions): KernelSpec {
  return {
    argv: [node, launcher, '{connection_file}'],
    display_name: 'TypeScript',
    language: 'typescript',
    env,
    interrupt_mode: 'signal',
    metadata: {},
  };
}
