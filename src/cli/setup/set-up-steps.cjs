/**
 * Names of the steps of the set-up, in order. Their numbers on the terminal come from here.
 * bootstrap.cjs does the first two, for which nothing is built yet, and set-up.ts the others.
 */
const STEP = {
  packages: 'npm packages',
  build: 'TypeScript build',
  python: 'Python packages',
  tensorflow: 'Native TensorFlow',
  jupyterKernel: 'Jupyter kernel',
};

module.exports = { STEP };
