// Only Jupyter's own rules; Biome does the rest.
import jupyter from '@jupyter/eslint-plugin';
import parser from '@typescript-eslint/parser';

export default [
  { plugins: { jupyter } },
  ...jupyter.configs.recommended,
  {
    files: ['src/**/*.ts'],
    languageOptions: {
      parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      'jupyter/no-untranslated-string': 'off', // states come from the kernel, in English
      'jupyter/prefer-lazy-imports': 'off' // the badge is there from the start, and all of it is small
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' }
  }
];
