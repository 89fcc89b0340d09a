import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

import { precompress } from './build/precompress.ts';

// Where `vite dev` finds the API: the tenant plane of a stack that runs, by the tenant's own host name.
const plane = process.env.UNMOGROW_SITE_PLANE ?? 'http://client123.localhost:8080';
const apiPaths = ['/api', '/config.json', '/problems', '/schemas', '/openapi.json', '/health', '/c/'];

export default defineConfig({
  plugins: [tailwindcss(), svelte(), precompress()],
  build: {
    target: 'es2022',
    sourcemap: false,
    // A data: address in a style sheet would need an exception of the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'console.html'], checks: { pluginTimings: false } },
  },
  server: { proxy: Object.fromEntries(apiPaths.map((path) => [path, { target: plane, changeOrigin: true }])) },
});
