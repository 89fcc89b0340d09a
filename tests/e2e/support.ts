// What every test of the site shares: where it is, and what no page may do.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';

const environment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are started by pytest (tests/e2e/test_site.py).`);
  return value;
};

/** The stack that the tests run on. */
export const stack = {
  url: environment('SITE_URL'),
  email: environment('SITE_EMAIL'),
  password: environment('SITE_PASSWORD'),
  writeKey: environment('SITE_WRITE_KEY'),
  platformUrl: environment('SITE_PLATFORM_URL'),
  platformKey: environment('SITE_PLATFORM_KEY'),
  output: environment('SITE_OUTPUT'),
  browser: {
    executablePath: `${environment('SITE_BROWSER')}/chromium`,
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--disable-dev-shm-usage'],
    env: { ...process.env, LD_LIBRARY_PATH: `${environment('SITE_BROWSER')}/al2023/lib` } as Record<string, string>,
  },
};

/** The cookies of the owner, who is signed in once for all tests. */
export const SIGNED_IN = `${stack.output}-signed-in.json`;

/** A page that must not complain, nor ask anybody else: a test that lets it fails at its end. */
export const test = base.extend<{ expected: RegExp | null }>({
  // What a test provokes on purpose: complaints that match are none.
  expected: [null, { option: true }],
  // Calls that no browser makes: only browsers know hosts under .localhost, so a header names the tenant.
  request: async ({ playwright }, use) => {
    const { hostname, port } = new URL(stack.url);
    const tenant = { 'X-Tenant-ID': hostname.replace(/\..*/, '') };
    const request = await playwright.request.newContext({
      baseURL: `http://127.0.0.1:${port}`,
      extraHTTPHeaders: tenant,
    });
    await use(request);
    await request.dispose();
  },
  page: async ({ page, expected }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (
        !/^(data|blob):/.test(request.url()) &&
        ![stack.url, stack.platformUrl].some((own) => request.url().startsWith(own))
      ) {
        complaints.push(`asked another host: ${request.url()}`);
      }
    });
    await use(page);
    expect(complaints.filter((complaint) => !expected?.test(complaint))).toEqual([]);
  },
});

/** Open an address of the site, and wait until nothing is being loaded any more. */
export async function open(page: Page, address: string): Promise<void> {
  await page.goto(`/#${address}`);
  await settled(page);
}

/** Call the API from a page, with its cookies or with other credentials; the name of the host is known to browsers alone. */
export async function call<Answer>(
  page: Page,
  path: string,
  body: object,
  headers = {},
  method = 'POST',
): Promise<Answer> {
  return page.evaluate(
    async ({ path, body, headers, method }) => {
      const proof = /unmogrow_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
      const response = await fetch(path, {
        method,
        credentials: Object.keys(headers).length ? 'omit' : 'same-origin',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': proof, ...headers },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return response.json();
    },
    { path, body, headers, method },
  );
}

/** Send an event as an app does, from a page that is open; give its id. */
export async function send(page: Page, event: object, status = 202): Promise<string> {
  const id = crypto.randomUUID();
  const body = { event_id: id, event_time: new Date().toISOString(), ...event };
  const answered = await page.evaluate(
    async ({ body, key }) => {
      const headers = { 'Content-Type': 'application/json', 'X-Write-Key': key };
      const order = { method: 'POST', credentials: 'omit', headers, body: JSON.stringify(body) } as const;
      return (await fetch('/api/v1/events/ingest', order)).status;
    },
    { body, key: stack.writeKey },
  );
  expect(answered).toBe(status);
  return id;
}

/** Wait until nothing on the page is being loaded. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/** Look at a page as it must be looked at in both themes: nothing hinders anybody, and nothing leaves the window. */
export async function expectWellMade(page: Page): Promise<void> {
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(width, 'wider than the window').toBeLessThanOrEqual(0);
  await page.emulateMedia({ colorScheme: 'light' });
  await expectAccessible(axe(page), 'light');
  // Nothing but colours differs between the themes, and those do not differ by width.
  if ((page.viewportSize()?.width ?? 0) < 1000) return;
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible(axe(page).withRules('color-contrast'), 'dark');
}

/** Look into the page itself: for sites with frames, which this is not, axe opens a page of its own each time. */
function axe(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode();
}

async function expectAccessible(look: AxeBuilder, theme: string): Promise<void> {
  const { violations } = await look.analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const said = serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3)}`);
  expect(said, `accessible in the ${theme} theme`).toEqual([]);
}

/** Make a test for each of some pages: that it shows what it is for, and is well made. */
export function testPages(pages: { address: string; shows: RegExp }[]): void {
  for (const { address, shows } of pages) {
    test(`${address} shows ${shows.source} and is well made`, async ({ page }) => {
      await open(page, address);
      await expect(page.getByRole('main').getByText(shows).locator('visible=true').first()).toBeVisible();
      await expectWellMade(page);
    });
  }
}

export { expect };
