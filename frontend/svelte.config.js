import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// Tables are laid out as cards on narrow screens, which takes their roles away where they are not written out.
const NEEDED = new Set(['a11y_no_redundant_roles']);

export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true, warningFilter: ({ code }) => !NEEDED.has(code) },
};
