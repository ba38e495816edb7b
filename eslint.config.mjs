import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', 'tests/**/*.ts'];

/** Each code cell of a notebook as a file of its own, so that the linter can name it. */
const notebook = {
  preprocess: (text) =>
    JSON.parse(text)
      .cells.filter(({ cell_type }) => cell_type === 'code')
      .map(({ id, source }) => ({ text: source.join(''), filename: `${id}.ts` })),
  postprocess: (messages) => messages.flat(),
};
const cells = ['**/*.ipynb/*.ts'];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.venv/', '.native/', 'artifacts/', '*.mjs', '.*.cjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    files: ['src/**/ops/*.ts'],
    rules: { 'max-lines': ['error', { max: 400 }] },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // describe() and test() return promises that the runner itself awaits.
    files: tests,
    rules: {
      '@typescript-eslint/no-floating-promises': 'off',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': 'off',
    },
  },
  { files: ['**/*.ipynb'], processor: notebook },
  // Types are checked where cells run. Names go from cell to cell, so their uses are unknown here.
  { files: cells, ...tseslint.configs.disableTypeChecked },
  {
    files: cells,
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
);
