import { expect, expectWellMade, open, settled, test, testPages } from './support.ts';

testPages([
  { address: '/learning/models', shows: /^Your own champion serves:/ },
  { address: '/learning/trainings', shows: /^Export to the lake$/ },
  { address: '/learning/drift', shows: /^How features have moved$/ },
]);

test('drift is said in words, by feature and by week, and what was foretold beside what happened', async ({ page }) => {
  await open(page, '/learning/drift');
  await expect(page.getByText(/^The newest day in the lake is .*; it was looked at /).first()).toBeVisible();
  // The champion has learned from other journeys than those of the demo.
  await expect(page.getByText(/the model sees another population by: .*Train it anew\./).first()).toBeVisible();
  const moved = page.getByRole('table', { name: /^How features have moved/ }).first();
  await expect(moved.getByRole('row').nth(1).getByText('Another population')).toBeVisible();
  await page.getByRole('button', { name: 'Show as a table' }).first().click();
  const rows = page.getByRole('table', { name: 'Foretold and what happened' }).getByRole('row');
  await expect(rows.nth(1)).toContainText('%');
});

test('a learned model’s credits stand beside the others, with whose they are', async ({ page }) => {
  await open(page, '/attribution/models');
  await expect(page.getByRole('checkbox', { name: 'Learned model' })).toBeChecked();
  await expect(page.getByRole('columnheader', { name: 'Learned model' })).toBeVisible();
  await expect(page.getByText(/The learned model’s shares were given by conversion-\w+ \([\d,]+\)/)).toBeVisible();
  await page.getByRole('link', { name: 'Learned models' }).last().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Learned models' })).toBeVisible();
});

test.describe('a model', () => {
  // Asked for a second time, a training is under way.
  test.use({ expected: /status of 409/ });

  test('is trained before one’s eyes, waits in shadow, is promoted and rolled back', async ({ page }) => {
    test.setTimeout(150_000);
    await open(page, '/learning/models');
    const card = page.getByRole('region', { name: 'Conversion', exact: true });
    await card.getByRole('button', { name: 'Train anew' }).click();
    const asking = page.getByRole('dialog', { name: 'Train a model anew' });
    await asking.getByLabel(/^Seed/).fill('7');
    await asking.getByRole('button', { name: 'Start the training' }).click();
    const job = page.getByRole('dialog', { name: 'Job' });
    await expect(job.getByText('Training: Conversion')).toBeVisible();
    await expect(job.getByRole('progressbar')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Train anew' }).click();
    await asking.getByRole('button', { name: 'Start the training' }).click();
    await expect(asking.getByRole('alert')).toContainText(/The job conversion-.* trains it\..*Request/s);
    await page.keyboard.press('Escape');

    const trainings = page.getByRole('table', { name: 'Trainings' });
    await trainings.getByRole('button', { name: 'Training: Conversion' }).first().click();
    await expect(job.getByText('Done', { exact: true })).toBeVisible({ timeout: 120_000 });
    await expect(job.getByText(/learning from [\d,]+ rows/).first()).toBeVisible();
    await expect(job.getByText(/^wait: it is judged beside conversion-/).first()).toBeVisible();
    await job.getByRole('link', { name: 'See the model' }).click();
    await expect(
      page.getByRole('table', { name: 'How good it is' }).getByText('Log-loss', { exact: true }),
    ).toBeVisible();
    const [, id = ''] = /models\/(conversion-[^?]+)/.exec(page.url()) ?? [];
    await expectWellMade(page);

    await page.getByRole('link', { name: 'All models' }).click();
    await settled(page);
    await expect(card.getByText(/Foretells beside the champion what comes from now on\. 500 rows/)).toBeVisible();
    await card.locator('summary').click();
    await expect(card.getByRole('table', { name: 'Side by side' }).getByRole('row')).toHaveCount(5);
    await page.getByRole('table', { name: 'All models' }).getByRole('link', { name: id }).click();
    await page.getByRole('button', { name: 'Make it the champion' }).click();
    // It is loaded first, by a process that may have to start.
    await expect(page.getByText(`${id} is champion now`)).toBeVisible({ timeout: 30_000 });
    const history = page.getByRole('table', { name: 'Champions of this scope' });
    await expect(history.getByRole('row').nth(1)).toContainText(id);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await expect(page.getByText(/^Rolled back: conversion-\w+ is champion now$/)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText('Retired', { exact: true })).toBeVisible();
  });
});

test('whether one’s days contribute is changed, and changed back', async ({ page }) => {
  await open(page, '/settings');
  await page.getByRole('button', { name: 'Stop contributing' }).click();
  await expect(page.getByText(/^Your days do not contribute\./)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Your days contribute to the global model.')).toBeVisible();
});
