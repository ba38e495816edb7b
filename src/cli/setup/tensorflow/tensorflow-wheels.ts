/**
 * Python wheels that contain TensorFlow's C library: one for the CPU, or one for CUDA with
 * NVIDIA's libraries, as its extra `and-cuda` names them. Update all of them together.
 */
export const CPU_WHEELS = ['tensorflow-cpu==2.21.0'];

export const CUDA_WHEELS = [
  'tensorflow==2.21.0',
  'nvidia-cublas-cu12==12.9.3.13',
  'nvidia-cuda-cupti-cu12==12.9.79',
  'nvidia-cuda-nvcc-cu12==12.9.86',
  'nvidia-cuda-nvrtc-cu12==12.9.86',
  'nvidia-cuda-runtime-cu12==12.9.79',
  'nvidia-cudnn-cu12==9.28.0.42',
  'nvidia-cufft-cu12==11.4.1.4',
  'nvidia-curand-cu12==10.3.10.19',
  'nvidia-cusolver-cu12==11.7.5.82',
  'nvidia-cusparse-cu12==12.5.10.65',
  'nvidia-nccl-cu12==2.32.3',
  'nvidia-nvjitlink-cu12==12.9.86',
];
