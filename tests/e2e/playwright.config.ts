// Started by test_site.py, which gives the address of the stack's tenant, its owner and the browser by the environment.
import { defineConfig, devices } from '@playwright/test';

import { SIGNED_IN, stack } from './support.ts';

const DESKTOP = { width: 1440, height: 900 };
const TELEPHONE = { width: 390, height: 844 };

export default defineConfig({
  testDir: '.',
  testMatch: process.env.SITE_PICTURES ? '*.shots.ts' : '*.spec.ts',
  outputDir: stack.output,
  timeout: 60_000,
  // Two cores may have another process's tests on them.
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 2,
  reporter: 'dot',
  globalSetup: './sign_in.ts',
  use: {
    baseURL: stack.url,
    storageState: SIGNED_IN,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Nothing that moves is waited for.
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    launchOptions: stack.browser,
  },
  projects: [
    { name: 'desktop', use: { ...devices['Desktop Chrome'], viewport: DESKTOP } },
    {
      // How a page is made differs by width; what it does, only where a test says so.
      name: 'telephone',
      grep: /well made|@telephone/,
      use: { ...devices['Pixel 7'], viewport: TELEPHONE, deviceScaleFactor: 2 },
    },
  ],
});
