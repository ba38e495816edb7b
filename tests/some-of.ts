/** True on a GPU in software, which takes seconds for what others do in milliseconds. */
export const onSoftwareGpu =
  process.env.LORA_BACKEND === 'webgpu' && /swiftshader/.test(process.env.VK_DRIVER_FILES ?? '');

/**
 * Every n-th case on a GPU in software, all of them elsewhere. For models and adapters of many
 * kinds, which put the same ops together in other ways: the ops themselves are compared there on
 * all of their cases.
 */
export function someOf<T>(cases: readonly T[], n: number): T[] {
  return cases.filter((_, i) => !onSoftwareGpu || i % n === 0);
}
