import path from 'node:path';
import { venv } from '../../files/local';

/**
 * Environment variables with which this project starts Jupyter: its own extensions and kernels come
 * first, and the user's Jupyter settings are neither read nor changed.
 */
export function jupyterEnvironment(): NodeJS.ProcessEnv {
  const own = path.join(venv, 'var');
  return {
    JUPYTER_PREFER_ENV_PATH: '1',
    JUPYTER_CONFIG_DIR: path.join(own, 'config'),
    JUPYTER_DATA_DIR: path.join(own, 'data'),
    JUPYTER_RUNTIME_DIR: path.join(own, 'runtime'),
    IPYTHONDIR: path.join(own, 'ipython'),
  };
}
