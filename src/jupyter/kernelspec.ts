/** Content of `kernel.json`, from which Jupyter starts the kernel. */
export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  env: Record<string, string>;
  interrupt_mode: 'signal';
  metadata: Record<string, unknown>;
}

/** Paths on this machine (absolute), and environment variables of its native libraries. */
export interface KernelSpecOptions {
  node: string;
  launcher: string;
  env?: Record<string, string>;
}

/** Creates the content of `share/jupyter/kernels/tslab/kernel.json`. */
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
