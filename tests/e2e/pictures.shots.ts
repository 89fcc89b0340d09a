// The pictures of the docs, as `make pictures` takes them.
import { devices, type Page } from '@playwright/test';

import { expect, open, settled, test } from './support.ts';

const folder = process.env.SITE_PICTURES ?? '';
const take = async (page: Page, name: string): Promise<void> => {
  // The second that a curve or a dialog takes to come to rest.
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${folder}/${name}.png` });
};

test('overview', async ({ page }) => {
  await open(page, '/overview?range=last_14');
  await take(page, 'overview');
});

test('models', async ({ page }) => {
  await open(page, '/attribution/models');
  await take(page, 'models');
});

test('journeys', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, '/attribution/journeys');
  await take(page, 'journeys');
});

test('why', async ({ page }) => {
  await open(page, '/attribution/conversions?type=install&origin=attributed');
  await page.getByRole('table').getByRole('row').nth(1).click();
  await expect(page.getByRole('dialog').getByText('Won', { exact: true })).toBeVisible();
  await take(page, 'why');
});

test.describe('a telephone', () => {
  const { userAgent, isMobile, hasTouch } = devices['Pixel 7'];
  const viewport = { width: 390, height: 844 };
  test.use({ userAgent, isMobile, hasTouch, viewport, deviceScaleFactor: 2, colorScheme: 'dark' });

  test('overview', async ({ page }) => {
    await open(page, '/overview?range=last_14');
    await settled(page);
    await take(page, 'overview-telephone');
  });
});
