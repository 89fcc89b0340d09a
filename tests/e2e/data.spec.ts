import type { Page } from '@playwright/test';

import { call, expect, open, send, settled, test, testPages } from './support.ts';

testPages([
  { address: '/events', shows: /Live/ },
  { address: '/rejected', shows: /^Why they wait$/ },
  { address: '/quality', shows: /^The balance is right$/ },
]);

test('new events come in by themselves, wait while it is paused, and are shown whole', async ({ page }) => {
  const name = `tail_${Date.now()}`;
  const inApp = () => ({ event_type: 'in_app', event_name: name, device_id: name, properties: { level: 3 } });
  await open(page, `/events?name=${name}`);
  await expect(page.getByText('No event fits the filter')).toBeVisible();
  const first = await send(page, inApp());
  const rows = page.getByRole('table').getByRole('row').filter({ hasText: name });
  await expect(rows).toHaveCount(1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await send(page, inApp());
  await expect(page.getByText('1 new event')).toBeVisible();
  await expect(rows).toHaveCount(1);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(rows).toHaveCount(2);
  await rows.nth(1).getByRole('button').click();
  const whole = page.getByRole('dialog', { name: 'Event in full' });
  await expect(whole.getByText(`"${first}"`)).toBeVisible();
  await page.goto(`/#/events?event=${first}`);
  await page.reload();
  await expect(whole.getByText(`"${first}"`)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(whole).toBeHidden();
  await expect(page).not.toHaveURL(/event=/);
});

test('older events are loaded page by page', async ({ page }) => {
  await open(page, '/events?type=click');
  const rows = page.getByRole('table').getByRole('row');
  await expect(rows).toHaveCount(51);
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(rows).toHaveCount(101);
});

test.describe('what is refused', () => {
  test.use({ expected: /status of 422/ });

  test('a rejected event is mended in the page, checked, and sent @telephone', async ({ page }) => {
    const event = { event_type: 'purchase', revenue: '4.99', user_id: 'mended' };
    await open(page, '/rejected');
    const id = await send(page, event, 422);
    await open(page, `/rejected?id=${id}`);
    await page.getByRole('table', { name: 'Events' }).getByRole('button').first().click();
    const letter = page.getByRole('dialog', { name: 'Rejected event' });
    await expect(letter.getByText('/currency').first()).toBeVisible();
    const editor = letter.getByLabel('Mend it');
    await editor.fill('{"event_id": ');
    await expect(letter.getByText('This is not a JSON object yet')).toBeVisible();
    await expect(letter.getByRole('button', { name: 'Send it' })).toBeDisabled();
    const mended = { ...event, event_id: id, event_time: new Date().toISOString() };
    await editor.fill(JSON.stringify(mended));
    await letter.getByRole('button', { name: 'Check' }).click();
    await expect(letter.getByText('It is still wrong:')).toBeVisible();
    await editor.fill(JSON.stringify({ ...mended, currency: 'EUR' }));
    await letter.getByRole('button', { name: 'Check' }).click();
    await expect(letter.getByText('It is valid: send it.')).toBeVisible();
    await letter.getByRole('button', { name: 'Send it' }).click();
    await expect(letter.getByText(/Sent\. It will be/)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByText('Nothing fits the filter')).toBeVisible();
    await page.goto(`/#/events?id=${id}`);
    // What was sent may be stored a moment after the page asked.
    await expect(async () => {
      await page.reload();
      await expect(page.getByText('No event fits the filter')).toBeHidden({ timeout: 1_000 });
      await expect(page.getByRole('main').getByText('purchase').locator('visible=true').first()).toBeVisible({
        timeout: 1_000,
      });
    }).toPass({ timeout: 20_000 });
  });

  test('what violated a schema is counted, and sent again once the schema is changed', async ({ page }) => {
    const name = `level_${Date.now()}`;
    await open(page, '/rejected');
    await putSchema(page, name, { type: 'object', properties: { level: { type: 'integer' } } });
    await expect(async () => {
      await send(page, { event_type: 'in_app', event_name: name, device_id: 'd', properties: { level: 'two' } }, 422);
    }).toPass();
    await open(page, '/quality');
    await page.getByRole('table', { name: 'Violations of your schemas' }).getByRole('button', { name }).click();
    await settled(page);
    await expect(page).toHaveURL(/\/rejected\?reason=schema_violation/);
    await putSchema(page, name, { type: 'object', properties: { level: {} } });
    await page.getByRole('button', { name: 'Mend all of these' }).click();
    const all = page.getByRole('dialog', { name: 'Mend all of these' });
    await expect(async () => {
      await all.getByRole('button', { name: 'Check' }).click();
      await expect(all.getByText(/Would be accepted: \d+/)).toBeVisible({ timeout: 500 });
    }).toPass();
    await all.getByRole('button', { name: 'Send it' }).click();
    await expect(all.getByText(/Accepted: \d+/)).toBeVisible();
  });
});

test('the ledger is there as a table, whose total is the sum of what became of events', async ({ page }) => {
  await open(page, '/quality?span=week');
  await page.getByRole('button', { name: 'Show as a table' }).click();
  const total = page.getByRole('table', { name: 'Ledger' }).getByRole('row').filter({ hasText: 'Total' });
  const [received = 0, ...parts] = (await total.getByRole('cell').allInnerTexts()).slice(1).map(numberIn);
  expect(received).toBeGreaterThan(0);
  expect(parts.reduce((sum, part) => sum + part, 0)).toBe(received);
});

function numberIn(text: string): number {
  return Number(text.replace(/\D/g, ''));
}

async function putSchema(page: Page, name: string, schema: object): Promise<void> {
  await call(page, `/api/v1/schemas/${name}`, { schema }, {}, 'PUT');
}
