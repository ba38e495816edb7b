import { existsSync } from 'node:fs';
import path from 'node:path';

const CHROMIUM = '/usr/lib/chromium';
const DRIVER = path.join(CHROMIUM, 'vk_swiftshader_icd.json');

/**
 * Environment variables with which WebGPU computes on the CPU, through the driver in Debian's
 * Chromium; null if that is not installed.
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
