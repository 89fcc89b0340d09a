import { call, expect, expectWellMade, open, settled, stack, test } from './support.ts';

const NOBODY = { cookies: [], origins: [] };

test.describe('who is not signed in', () => {
  test.use({ storageState: NOBODY, expected: /status of 401/ });

  test('sees a well made page, and why they were refused', async ({ page }) => {
    await page.goto('/#/attribution/journeys');
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
    await expectWellMade(page);
    await page.getByLabel('Email').fill(`nobody-${Date.now()}@example.com`);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toContainText('Request');
  });

  test('comes to the page that they wanted', async ({ page }) => {
    await page.goto('/#/attribution/journeys?range=last_14');
    await page.getByLabel('Email').fill(stack.email);
    await page.getByLabel('Password', { exact: true }).fill(stack.password);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Attribution' })).toBeVisible();
    await expect(page).toHaveURL(/\/attribution\/journeys\?range=last_14/);
  });
});

test.describe('whose session ended', () => {
  test.use({ expected: /status of 40[13]/ });

  test('is told so, and stays where they were', async ({ page, context }) => {
    await open(page, '/attribution/channels?range=last_14');
    await context.clearCookies({ name: /access|refresh/ });
    await page.goto('/#/attribution/journeys?range=last_14');
    await expect(page.getByText('Your session ended')).toBeVisible();
    await expect(page).toHaveURL(/\/attribution\/journeys\?range=last_14/);
  });
});

test.describe('whose access token ran out', () => {
  test.use({ expected: /status of 401/ });

  test('notices nothing', async ({ browser }) => {
    // A session of its own: renewing takes the refresh token that the others still have.
    const context = await browser.newContext({ baseURL: stack.url, storageState: NOBODY, locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto('/#/overview');
    await page.getByLabel('Email').fill(stack.email);
    await page.getByLabel('Password', { exact: true }).fill(stack.password);
    await page.keyboard.press('Enter');
    await settled(page);
    await context.clearCookies({ name: 'unmogrow_access' });
    await page.getByRole('link', { name: 'Attribution' }).locator('visible=true').click();
    await expect(page.getByRole('heading', { level: 1, name: 'Attribution' })).toBeVisible();
    const names = async (): Promise<string[]> => (await context.cookies()).map(({ name }) => name);
    await expect.poll(names).toContain('unmogrow_access');
    await expect(page.getByRole('heading', { level: 1, name: 'Attribution' })).toBeVisible();
    await context.close();
  });
});

test('an invitation is taken by choosing a password', async ({ page, context }) => {
  await open(page, '/overview');
  const invited = { email: `viewer-${Date.now()}@example.com`, role: 'viewer' };
  const { invitation_url: link } = await call<{ invitation_url: string }>(page, '/api/v1/users', invited);
  await context.clearCookies();
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByLabel('Password', { exact: true }).fill('a sentence of some length');
  await page.getByLabel('The password again').fill('a sentence of some length');
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});
