import * as tf from '@tensorflow/tfjs';
import { AcceleratorError } from '../errors';
import { ENABLE_SUBGROUPS, SUBGROUPS, type WebGpuBackend } from '../op';

// Dawn's objects are the browser's; only these few members are used here.
interface Gpu {
  requestAdapter(options?: { powerPreference: string }): Promise<Adapter | null>;
}
interface Adapter {
  info: { vendor: string; architecture: string; device: string; description: string };
  features: ReadonlySet<string>;
  requestDevice(descriptor: { requiredFeatures: string[] }): Promise<Device>;
}
interface Device {
  createShaderModule(descriptor: { code: string }): object;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

/**
 * Opens a GPU through Dawn (Vulkan, Metal or Direct3D 12). A driver that computes on the CPU
 * is refused unless `software` is true.
 * @returns the device in words; throws why it is not there
 */
export async function openWebGpu({ software }: { software: boolean }): Promise<string> {
  assertVulkanLoader();
  const gpu = await installGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new AcceleratorError('no GPU adapter answers');
  const { vendor, architecture, device, description } = adapter.info;
  const name = description || [vendor, architecture, device].filter(Boolean).join(' ');
  if (SOFTWARE.test(`${name} ${device} ${architecture}`) && !software) {
    throw new AcceleratorError(`only a software adapter (${name}), slower than the CPU itself`);
  }
  await import('@tensorflow/tfjs-backend-webgpu');
  // By default tfjs computes small tensors in plain JS behind WebGPU's name.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  return name;
}

/**
 * Keeps the faults that the device reports and throws them at the next read: WebGPU does not throw
 * on an invalid command, its result is silently zeros.
 */
export function throwDeviceErrors(): void {
  const backend = tf.backend() as unknown as WebGpuBackend;
  const faults: string[] = [];
  backend.device.addEventListener('uncapturederror', ({ error }) => faults.push(error.message));
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const values = await read(dataId);
    const [first] = faults.splice(0);
    if (first !== undefined) {
      throw new AcceleratorError(`read: the WebGPU device reported: ${first}`);
    }
    return values;
  };
}

/** The tfjs backend looks for the browser's globals when it is imported. */
async function installGpu(): Promise<Gpu> {
  const { create, globals } = (await import('webgpu')) as {
    create: (this: void, flags: string[]) => Gpu;
    globals: object;
  };
  Object.assign(globalThis, globals);
  const scope = globalThis as { navigator?: { gpu?: Gpu } };
  if (!scope.navigator) Object.defineProperty(globalThis, 'navigator', { value: {} });
  const navigator = scope.navigator as { gpu?: Gpu };
  if (!navigator.gpu) {
    Object.defineProperty(navigator, 'gpu', { value: withSubgroups(create([])) });
  }
  return navigator.gpu as Gpu;
}

/** tfjs asks for its device itself, and for no subgroups: here they are added where there are any. */
function withSubgroups(gpu: Gpu): Gpu {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (!adapter?.features.has(SUBGROUPS)) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const requiredFeatures = [...descriptor.requiredFeatures, SUBGROUPS];
      return enableFirst(await requestDevice({ ...descriptor, requiredFeatures }));
    };
    return adapter;
  };
  return gpu;
}

/** tfjs puts its own WGSL before a shader's, but `enable` must come before all else. */
function enableFirst(device: Device): Device {
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) => {
    const [before, after] = code.split(ENABLE_SUBGROUPS);
    const ordered = after === undefined ? code : ENABLE_SUBGROUPS + before + after;
    return createShaderModule({ ...rest, code: ordered });
  };
  return device;
}

/** Dawn prints a warning past Node's stderr where there is no loader; ask the linker first. */
function assertVulkanLoader(): void {
  if (process.platform !== 'linux') return;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
  } catch (error) {
    // A library that loads but is no Node addon fails with "Module did not self-register".
    if (/cannot open shared object/.test((error as Error).message)) {
      throw new AcceleratorError('no Vulkan loader (libvulkan.so.1) on this machine');
    }
  }
}
