import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist', 'src/**/api.d.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    rules: {
      // The compiler knows what is not defined; this rule knows no types.
      'no-undef': 'off',
      // The router's addresses begin with `#/`: there is no base path to resolve.
      'svelte/no-navigation-without-resolve': 'off',
      // Queries are values here: each change makes another one.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
);
