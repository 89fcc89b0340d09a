// Signs the owner in by the page that they would use, and keeps the cookies for all tests.
import { chromium } from '@playwright/test';

import { SIGNED_IN, stack } from './support.ts';

export default async function signIn(): Promise<void> {
  const browser = await chromium.launch(stack.browser);
  const page = await browser.newPage({ locale: 'en-GB' });
  await page.goto(`${stack.url}/`);
  await page.getByLabel('Email').fill(stack.email);
  await page.getByLabel('Password', { exact: true }).fill(stack.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.context().storageState({ path: SIGNED_IN });
  await browser.close();
}
