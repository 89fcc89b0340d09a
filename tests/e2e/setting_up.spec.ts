import { randomUUID } from 'node:crypto';

import type { Browser, Page } from '@playwright/test';

import { expect, open, settled, stack, test, testPages } from './support.ts';

const own = (): string => randomUUID().slice(0, 8);
const PASSWORD = 'a river under the old bridge';

testPages([
  { address: '/first-steps', shows: /^3\. See it arrive$/ },
  { address: '/links', shows: /^No links yet$|^Link$/ },
  { address: '/links/new?media_source=meta_ads', shows: /^Where each device is sent$/ },
  { address: '/links/apps', shows: /^Android$/ },
  { address: '/campaigns?campaign=new', shows: /^Campaign in events$/ },
  { address: '/costs', shows: /^Upload a file$/ },
  { address: '/schemas?dialog=new', shows: /^JSON Schema of its properties$/ },
  { address: '/policies', shows: /^In force$/ },
  { address: '/policies/new', shows: /^Fraud rules$/ },
  { address: '/policies/1', shows: /^The whole policy$/ },
  { address: '/keys', shows: /^Keys of sign-in tokens$/ },
  { address: '/users', shows: /^Active$/ },
  { address: '/settings', shows: /^Look of this site$/ },
  { address: '/audit', shows: /^No entries$|^login$|^[a-z-]+\.[a-z-]+$/ },
  { address: '/account', shows: /^Sessions$/ },
]);

test('first steps end with an event that is seen to arrive @telephone', async ({ page }) => {
  await open(page, '/first-steps?sdk=segment_node');
  await page.getByLabel('Where it will be used').fill(`first ${own()}`);
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByRole('region', { name: '1. A write key' }).locator('code').first().innerText();
  expect(key).toMatch(/^wk_/);
  await expect(page.getByRole('region', { name: 'Node, Segment' })).toContainText(
    `writeKey: '${key}', host: '${stack.url}'`,
  );
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await expect(page.getByText('It arrived. Your events will, too.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Events that came' })).toContainText('test_event');
  await page.reload();
  await expect(page.getByText('1. A write key')).toBeVisible();
  await expect(page.getByText(key)).toHaveCount(0);
});

test('a link is built in sight of where it leads, and redirects', async ({ page, request }) => {
  const id = `spring-${own()}`;
  await open(page, '/links/new');
  await page.getByLabel('Media source').fill('newsletter');
  await page.getByLabel('Last part of the address').fill(id);
  await page.getByLabel('Google Play address').fill('https://play.google.com/store/apps/details?id=com.example');
  await page.getByLabel('Web address').fill('https://shop.example/{media_source}');
  const devices = page.getByRole('listitem');
  await expect(devices.filter({ hasText: 'Android' })).toContainText('referrer=click_id%3D');
  await expect(devices.filter({ hasText: 'iPhone' })).toContainText('https://shop.example/newsletter?click_id=');
  await page.getByLabel('For which network').selectOption('meta');
  await expect(page.getByRole('region', { name: 'Click address' })).toContainText('adset_id={{adset.id}}');
  await page.getByRole('button', { name: 'New link' }).click();
  await expect(page.getByRole('img', { name: `QR code of ${stack.url}/c/${id}` })).toBeVisible();
  await expect
    .poll(async () => (await request.get(`/c/${id}`, { maxRedirects: 0 })).headers().location ?? '')
    .toMatch(/^https:\/\/shop\.example\/newsletter\?click_id=/);

  await page.getByRole('link', { name: 'All links' }).click();
  await page.getByRole('button', { name: `Remove: ${id}` }).click();
  await expect(page.getByText(`/c/${id}`)).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(`/c/${id}`)).toBeVisible();
});

test.describe('what is refused', () => {
  test.use({ expected: /status of 409/ });

  test('a campaign that is there is refused with what to do, and a new one is kept', async ({ page }) => {
    const name = `sale_${own()}`;
    await open(page, '/campaigns');
    for (const attempt of ['first', 'second']) {
      await page.getByRole('button', { name: 'New campaign' }).first().click();
      const form = page.getByRole('dialog', { name: 'New campaign' });
      await form.getByLabel('Name').fill(`${attempt} ${name}`);
      await form.getByLabel('Media source').fill('meta_ads');
      await form.getByLabel('Campaign in events').fill(name);
      await form.getByLabel('Budget').fill('5000');
      await form.getByRole('button', { name: 'Save' }).click();
      if (attempt === 'first') {
        await expect(form).toBeHidden();
        await expect(page.getByRole('row').filter({ hasText: name })).toContainText('$5,000');
      } else {
        await expect(form.getByRole('alert')).toContainText('Change that one');
        await expect(form.getByRole('alert').getByText('Request')).toBeVisible();
      }
    }
  });

  test('a schema that breaks what fits today needs another word', async ({ page }) => {
    const name = `level_${own()}`;
    await open(page, '/schemas?dialog=new');
    await page.getByLabel('Event name').fill(name);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('button', { name, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('JSON Schema of its properties').fill('{"type": "object", "required": ["level", "mode"]}');
    await dialog.getByRole('button', { name: 'Register the next version' }).click();
    await expect(dialog.getByText('/mode becomes required')).toBeVisible();
    await dialog.getByLabel(/Register it all the same/).check();
    await dialog.getByRole('button', { name: 'Register the next version' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('row').filter({ hasText: name })).toContainText('2');
  });
});

test('a file of costs says what is wrong with which line before it is taken', async ({ page }) => {
  const source = `net_${own()}`;
  const file = (lines: string[]) => ({
    name: 'spend.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(['Day;Network;Spend;Currency;Remark', ...lines].join('\n')),
  });
  await open(page, '/costs');
  const input = page.locator('input[type=file]');
  await input.setInputFiles(file([`2026-11-01;${source};12.50;USD;x`, `01.11.2026;${source};7;USD;y`]));
  await expect(page.getByLabel('What column Spend is')).toHaveValue('cost');
  const faults = page.getByRole('table', { name: 'What is wrong with which line' });
  await expect(faults.getByRole('row').filter({ hasText: '3' })).toContainText('must be a day such as 2026-11-30');
  await expect(page.getByRole('button', { name: /^Take/ })).toBeDisabled();
  await input.setInputFiles(file([`2026-11-01;${source};12.50;USD;x`, `2026-11-02;${source};7;USD;y`]));
  await expect(page.getByText('Nothing is wrong with it. Nothing is stored yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Take 2 lines' }).click();
  await expect(page.getByRole('row').filter({ hasText: source })).toHaveCount(2);
  await expect(page.getByRole('row').filter({ hasText: source }).first()).toContainText('$7.00');
});

test('a key is shown once, and is gone when it is revoked', async ({ page, request }) => {
  const name = `server ${own()}`;
  await open(page, '/keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await page.getByText('Secret key', { exact: true }).last().click();
  await page.getByRole('button', { name: 'Make the key' }).click();
  const shown = page.getByRole('dialog', { name: 'Your new key' });
  const key = await shown.locator('code').innerText();
  expect(key).toMatch(/^sk_/);
  await shown.getByRole('button', { name: 'Done' }).click();
  const status = async (): Promise<number> =>
    (await request.get('/api/v1/links', { headers: { Authorization: `Bearer ${key}` } })).status();
  await expect.poll(status).toBe(200);
  await page.getByRole('button', { name: `Revoke: ${name}` }).click();
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByText(name, { exact: true })).toHaveCount(0);
  await expect.poll(status).toBe(401);
});

test('who is invited as a viewer sees what they may, chooses another password, and is removed', async ({
  page,
  browser,
}) => {
  const email = `${own()}@example.com`;
  await open(page, '/users');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('Email').fill(email);
  await page.getByRole('dialog').getByLabel('Role').selectOption('viewer');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const link = await page.getByRole('dialog', { name: 'Invitation' }).locator('code').innerText();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('row').filter({ hasText: email })).toContainText('Invited');

  const theirs = await accept(browser, link);
  await open(theirs, '/links');
  await expect(theirs.getByRole('link', { name: 'New link' })).toHaveCount(0);
  await expect(theirs.getByRole('link', { name: 'Keys', exact: true })).toHaveCount(0);
  await open(theirs, '/learning/models');
  await expect(theirs.getByText('Your own champion serves: conversion-')).toBeVisible();
  await expect(theirs.getByRole('button', { name: /Train anew|Roll back|Make it the champion/ })).toHaveCount(0);
  await theirs.goto(`${stack.url}/#/keys`);
  await expect(theirs.getByText('Your role may not open this page')).toBeVisible();
  await open(theirs, '/account');
  await theirs.getByLabel('Current password').fill(PASSWORD);
  await theirs.getByLabel('New password').fill(`${PASSWORD} again`);
  await theirs.getByLabel('The password again').fill(`${PASSWORD} again`);
  await theirs.getByRole('button', { name: 'Change the password' }).click();
  await expect(theirs.getByText('The password is changed')).toBeVisible();
  await theirs.context().close();

  await page.reload();
  await page.getByLabel(`Role: ${email}`).selectOption('analyst');
  await expect(page.getByText(`${email} is now: Analyst`)).toBeVisible();
  await page.getByRole('button', { name: `Remove: ${email}` }).click();
  const removed = page.waitForResponse((answer) => answer.request().method() === 'DELETE');
  await page.getByRole('button', { name: 'Close' }).last().click();
  expect((await removed).status()).toBe(204);
  await page.reload();
  await settled(page);
  await expect(page.getByText(email)).toHaveCount(0);
});

/** Take an invitation in a browser of one's own. */
async function accept(browser: Browser, link: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: stack.url, storageState: undefined, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('The password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  return page;
}

test('a policy is drafted, compared over history, put in force and taken back', async ({ page }) => {
  test.slow();
  await open(page, '/policies/new');
  const seconds = String(11 + Math.floor(Math.random() * 3000));
  await page.getByLabel('Repeated clicks, seconds').fill(seconds);
  await page.getByLabel('Click id', { exact: true }).first().fill('24');
  const single = page.getByRole('region', { name: 'Windows of single media sources' });
  await single.getByLabel('Media source').fill('meta_ads');
  await single.getByRole('button', { name: 'Add' }).click();
  await single.getByLabel('User id').first().fill('48');
  await expect(page.getByText('media_sources › meta_ads')).toBeVisible();
  await page.getByLabel('What it is for').fill('One day.');
  await expect(page.getByText('click_windows_hours › click_id')).toBeVisible();
  await page.getByRole('button', { name: 'Keep as a draft' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^Policy \d/ })).toBeVisible();
  await page.getByLabel('First day (UTC)').fill(new Date().toISOString().slice(0, 10));
  await page.getByRole('button', { name: 'Compare' }).click();
  await expect(page.getByText(/\d conversions get another answer/)).toBeVisible({ timeout: 15_000 });
  await page.getByRole('button', { name: 'Put it in force', exact: true }).click();
  await expect(page.getByText(/^Version \d+ is in force$/)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('button', { name: 'Put it in force', exact: true })).toBeVisible();
});

test('settings hold at once, and can be taken back', async ({ page }) => {
  await open(page, '/settings');
  const zone = page.getByLabel('Time zone');
  const before = await zone.inputValue();
  await zone.fill('Asia/Tokyo');
  await page.getByRole('form', { name: 'Reports' }).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved').last()).toBeVisible();
  await page.reload();
  await expect(zone).toHaveValue('Asia/Tokyo');
  await zone.fill(before);
  await page.getByRole('form', { name: 'Reports' }).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved').last()).toBeVisible();
});

test('a brand is seen by whoever comes to sign in', async ({ page, browser }) => {
  const name = `Studio ${own()}`;
  await open(page, '/settings');
  const form = page.getByRole('form', { name: 'Look of this site' });
  const save = async (as: string, accent: string): Promise<void> => {
    await form.getByLabel('Name').fill(as);
    await form.getByLabel('Colour', { exact: true }).fill(accent);
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved').last()).toBeVisible();
  };
  await save(name, '#0f766e');
  const context = await browser.newContext({ baseURL: stack.url, storageState: undefined });
  const stranger = await context.newPage();
  await stranger.goto('/');
  await expect(stranger.getByText(name)).toBeVisible();
  await expect(stranger.getByRole('button', { name: 'Sign in' })).toHaveCSS('background-color', 'rgb(15, 118, 110)');
  await context.close();
  await save('', '');
});

test('the audit log is filtered by what was done, and opens an entry', async ({ page }) => {
  await open(page, '/audit?action=login.failed');
  await page.getByLabel('What', { exact: true }).fill('invitation.accept.nothing');
  await page.getByLabel('What', { exact: true }).press('Enter');
  await expect(page.getByText('Nothing fits these filters.')).toBeVisible();
  await page.getByRole('button', { name: /^Clear/ }).click();
  await page.getByRole('table').getByRole('button').first().click();
  await expect(page.getByRole('dialog').getByText('Request', { exact: true })).toBeVisible();
});
