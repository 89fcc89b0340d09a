import { expect, open, send, settled, test, testPages } from './support.ts';

testPages([
  { address: '/fraud/findings', shows: /Findings/ },
  { address: '/fraud/times', shows: /^Sources and sites$/ },
  { address: '/fraud/rules', shows: /Click injection/ },
  { address: '/fraud/lists', shows: /Entries, one a line/ },
  { address: '/cohorts', shows: /^Heat map$/ },
  { address: '/cohorts?measure=revenue', shows: /^Predicted LTV$/ },
]);

test('a rule is turned on in a preview, which says what would move, and kept as a draft @telephone', async ({
  page,
}) => {
  await open(page, '/fraud/rules');
  const mode = page.getByRole('group', { name: 'Mode: Click too shortly before' });
  await mode.getByText('On', { exact: true }).click();
  await page.getByLabel('Seconds from click to install, at least').fill('30');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('heading', { name: 'What would happen' })).toBeVisible();
  await expect(page.getByText(/of [\d,]+ installs of the last 30 days were judged/)).toBeVisible();
  await page.getByRole('button', { name: 'Save as a draft' }).click();
  await expect(page.getByText(/Saved as version \d+, not in force yet/)).toBeVisible();
});

test('a finding leads to the touches of its conversion, and can be labelled', async ({ page }) => {
  await open(page, '/fraud/lists');
  // A click that nobody could have made by hand before this install.
  const device = { device_id: crypto.randomUUID(), country: 'DE' };
  const at = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
  const source = `shady_${Date.now()}`;
  await send(page, { event_type: 'click', media_source: source, event_time: at(63), ...device });
  await send(page, { event_type: 'install', platform: 'android', event_time: at(60), ...device });
  const evidence = page.getByRole('table', { name: 'Conversions with evidence' });
  await expect(async () => {
    await open(page, `/fraud/findings?filter=media_source=${source}`);
    await page.reload();
    await expect(evidence).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await evidence.getByRole('button', { name: 'It is fraud' }).first().click();
  await expect(evidence.getByText('Confirmed').first()).toBeVisible();
  await evidence.getByRole('row').nth(1).getByRole('button').first().click();
  await expect(page.getByRole('dialog', { name: 'Why this source?' }).getByText('Fraud rules')).toBeVisible();
});

test.describe('a line that is no entry', () => {
  test.use({ expected: /status of 422/ });

  test('is named, and the list stays until it is mended', async ({ page }) => {
    await open(page, '/fraud/lists');
    const entries = page.getByLabel('Entries, one a line');
    await entries.fill('203.0.113.7\nnot an address');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByRole('alert')).toContainText('2');
    await entries.fill('203.0.113.8\n198.51.100.0/24');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Saved: 2 entries')).toBeVisible();
  });
});

test('cohorts are compared by source, per user and as a sum, and are downloaded', async ({ page }) => {
  await open(page, '/cohorts');
  const heat = page.getByRole('region', { name: 'Heat map' }).getByRole('table');
  await expect(heat.getByRole('columnheader', { name: 'D30' })).toBeAttached();
  await page.getByText('Revenue', { exact: true }).first().click();
  const foretold = page.getByRole('region', { name: 'Predicted LTV', exact: true }).first();
  await expect(foretold.getByText(/of cohorts like this one 80% are expected to end inside/)).toBeVisible();
  await expect(foretold.getByRole('link', { name: /^pltv-/ })).toBeVisible();
  await expect(foretold.getByRole('row', { name: /^Total.*\d – \D*\d/ })).toBeVisible();
  await page.getByLabel('Break down by').selectOption('media_source');
  await settled(page);
  await expect(heat.getByRole('cell', { name: 'google_ads' }).first()).toBeVisible();
  await page.getByText('Absolute', { exact: true }).click();
  await expect(page).toHaveURL(/measure=revenue&breakdown=media_source&scale=absolute/);
  await page.getByRole('button', { name: 'Download' }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^CSV/ }).click()]);
  expect(file.suggestedFilename()).toMatch(/^revenue-.*\.csv$/);
});
