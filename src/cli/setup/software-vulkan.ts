import { existsSync } from 'node:fs';
import path from 'node:path';

const CHROMIUM = '/usr/lib/chromium';
const DRIVER = path.join(CHROMIUM, 'vk_swiftshader_icd.json');

/**
 * The environment in which WebGPU computes on the CPU, with the driver that comes with Debian's
 * Chromium; null where that is not there.
 */
export function softwareVulkan(): NodeJS.ProcessEnv | null {
  if (!existsSync(DRIVER)) return null;
  return {
    LORA_BACKEND: 'webgpu',
    VK_DRIVER_FILES: DRIVER,
    VK_ICD_FILENAMES: DRIVER,
    LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, CHROMIUM].filter(Boolean).join(':'),
  };
}
