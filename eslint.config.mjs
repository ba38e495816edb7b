import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', 'tests/**/*.ts'];

/** Makes each code cell of a notebook a file of its own, which the linter names. */
const notebook = {
  preprocess: (text) =>
    JSON.parse(text)
      .cells.filter(({ cell_type }) => cell_type === 'code')
      .map(({ id, source }) => ({ text: source.join(''), filename: `${id}.ts` })),
  postprocess: (messages) => messages.flat(),
};
const cells = ['**/*.ipynb/*.ts'];

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.venv/', '.native/', 'artifacts/', '*.mjs', '.*.cjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      complexity: ['error', 15],
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
  // The kernel checks the types of cells. A name may be used in another cell than its own.
  { files: cells, extends: [tseslint.configs.disableTypeChecked] },
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
