import { gzipSync } from 'node:zlib';

import { call, expect, open, settled, stack, test, testPages } from './support.ts';

const SCRIPT_BYTES_MAX = 150_000;
const READY_MS_MAX = 1_500;
const TRIES = 3;

testPages([
  { address: '/overview', shows: /^google_ads$/ },
  { address: '/attribution/models', shows: /^Where they differ$/ },
  { address: '/attribution/channels', shows: /^google_ads$/ },
  { address: '/attribution/journeys', shows: /^Assisted conversions$/ },
  { address: '/attribution/conversions', shows: /^Install$/ },
]);

test('an address keeps days, filter and sorting', async ({ page }) => {
  await open(page, '/attribution/channels');
  await page.getByRole('button', { name: 'Last 30 days' }).click();
  await page.getByRole('button', { name: 'Last 14 days' }).click();
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByRole('checkbox', { name: /^google_ads/ }).check();
  await page.getByRole('button', { name: 'Apply' }).click();
  await settled(page);
  const rows = page.getByRole('table').getByRole('row');
  await expect(rows.filter({ hasText: 'google_ads' })).toHaveCount(1);
  await expect(rows.filter({ hasText: 'tiktok_ads' })).toHaveCount(0);
  await page.reload();
  await settled(page);
  await expect(page.getByRole('button', { name: 'Last 14 days' })).toBeVisible();
  await expect(rows.filter({ hasText: 'tiktok_ads' })).toHaveCount(0);
  await page.getByRole('button', { name: /^Remove the filter Media source/ }).click();
  await expect(rows.filter({ hasText: 'tiktok_ads' })).toHaveCount(1);
});

test('a source leads to its conversions, and each to the touches that were considered @telephone', async ({ page }) => {
  await open(page, '/attribution/channels');
  await page.getByRole('table').getByRole('button', { name: 'google_ads' }).click();
  await settled(page);
  await page.getByRole('table').getByRole('row').nth(1).click();
  const why = page.getByRole('dialog', { name: 'Why this source?' });
  await expect(why.getByText(/google_ads got it/)).toBeVisible();
  await expect(why.getByText('Won', { exact: true })).toBeVisible();
  await expect(why.getByText(/^(Click|View|Claimed) .* before the /).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(why).toBeHidden();
  await expect(page).not.toHaveURL(/why=/);
});

test('every chart is there as a table, too', async ({ page }) => {
  await open(page, '/overview');
  await page.getByRole('button', { name: 'Show as a table' }).click();
  const total = page.getByRole('row').filter({ hasText: 'Total' });
  await expect(total).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'ROAS' })).toBeAttached();
});

test('the days of a chart can be walked through by keys', async ({ page }) => {
  await open(page, '/overview');
  const chart = page.getByRole('slider', { name: 'Installs by day' });
  await chart.focus();
  await page.keyboard.press('Home');
  const first = await chart.getAttribute('aria-valuetext');
  await page.keyboard.press('ArrowRight');
  expect(await chart.getAttribute('aria-valuetext')).not.toBe(first);
  await expect(chart).toHaveAttribute('aria-valuenow', '1');
});

test('an event that is stored now moves the pulse', async ({ page }) => {
  await open(page, '/overview');
  await expect(page.getByText(/nothing arrived|in the last minute/)).toBeVisible();
  const event_time = new Date().toISOString();
  const event = { event_id: `pulse-${event_time}`, event_type: 'session', event_time, device_id: 'pulse' };
  await call(page, '/api/v1/events/ingest', event, { 'X-Write-Key': stack.writeKey });
  await expect(page.getByText(/\d events? in the last minute/)).toBeVisible();
});

test('the palette goes anywhere by keys', async ({ page }) => {
  await open(page, '/overview');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('attrib');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Attribution' })).toBeVisible();
});

test('the site speaks Russian, and remembers it @telephone', async ({ page, isMobile }) => {
  await open(page, '/overview');
  if (isMobile) await page.getByRole('button', { name: 'More' }).click();
  await page.getByLabel('Language').locator('visible=true').selectOption('ru');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Обзор' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ru');
  await open(page, '/attribution/conversions?type=install&origin=attributed');
  await page.getByRole('table').getByRole('row').nth(1).click();
  const why = page.getByRole('dialog', { name: 'Почему этот источник?' });
  await expect(why.getByText(/поэтому конверсия за ним\.$/)).toBeVisible();
  await expect(why.locator('[lang="en"]')).toHaveCount(0);
});

test('a report can be taken along as a spreadsheet', async ({ page }) => {
  await open(page, '/attribution/channels');
  await page.getByRole('button', { name: 'Download' }).click();
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: /^CSV/ }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^channels-.*\.csv$/);
});

test('it is light, and ready at once @telephone', async ({ page }) => {
  let bytes = 0;
  const counting: Promise<void>[] = [];
  page.on('response', (response) => {
    if (!response.url().endsWith('.js')) return;
    counting.push(response.body().then((body) => void (bytes += gzipSync(body).length)));
  });
  const times: number[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    await page.goto('about:blank');
    await page.goto('/#/overview');
    await page.getByRole('button', { name: /^Installs/ }).waitFor();
    times.push(await page.evaluate(() => performance.now()));
    if (attempt === 0) {
      await settled(page);
      await Promise.all(counting);
      expect(bytes).toBeLessThan(SCRIPT_BYTES_MAX);
      page.removeAllListeners('response');
    }
  }
  expect(Math.min(...times)).toBeLessThan(READY_MS_MAX);
});
