// What the site reckons out by itself, without a browser.
import { expect, test } from '@playwright/test';

import { contrast, readableAccent } from '../../frontend/src/lib/brand.ts';
import { onlyOn, parseFilter, withCondition, writeFilter } from '../../frontend/src/lib/filters.ts';
import { isDay, length, moved, presetDays, startOf, today } from '../../frontend/src/lib/period.ts';
import { differences } from '../../frontend/src/pages/attribution/differences.ts';
import { between, features, judged } from '../../frontend/src/pages/learning/drift.ts';

test('a filter is read and written as the API has it', () => {
  const text = 'media_source=google_ads,a\\,b\\;c;country!=DE;campaign~spring;site_id=';
  const conditions = parseFilter(text);
  expect(conditions.map(({ values }) => values)).toEqual([['google_ads', 'a,b;c'], ['DE'], ['spring'], ['']]);
  expect(writeFilter(conditions)).toBe(text);
  expect(onlyOn(text, ['country'])).toBe('country!=DE');
  expect(withCondition(text, { dimension: 'country', operator: '=', values: ['FR'] })).toContain('country=FR');
  expect(parseFilter('nonsense;=x')).toEqual([]);
});

test('days are those of the calendar', () => {
  expect(moved('2026-03-01', -1)).toBe('2026-02-28');
  expect(presetDays('last_7', '2026-03-02')).toEqual({ from: '2026-02-24', to: '2026-03-02' });
  expect(presetDays('last_month', '2026-03-31')).toEqual({ from: '2026-02-01', to: '2026-02-28' });
  expect(length({ from: '2026-10-24', to: '2026-10-26' })).toBe(3);
  expect([isDay('2026-02-29'), isDay('2026-02-28'), isDay('x'), isDay(null)]).toEqual([false, true, false, false]);
  expect(today('Pacific/Auckland', new Date('2026-11-26T12:00:00Z'))).toBe('2026-11-27');
});

test('a day begins when the clocks of its zone say, whenever they are changed', () => {
  expect(startOf('2026-10-25', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z');
  expect(startOf('2026-10-26', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z');
  expect(startOf('2026-03-08', 'America/New_York')).toBe('2026-03-08T05:00:00.000Z');
  expect(startOf('2026-03-09', 'America/New_York')).toBe('2026-03-09T04:00:00.000Z');
  expect(startOf('2026-06-01', 'Asia/Kolkata')).toBe('2026-05-31T18:30:00.000Z');
});

test('an accent colour is moved until it can be read', () => {
  const rgb = (hex: string): [number, number, number] =>
    [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
  for (const isDark of [false, true]) {
    for (const hex of ['#ffff00', '#000080', '#0f766e', '#ffffff', '#000000']) {
      const accent = readableAccent(hex, isDark);
      expect(contrast(rgb(accent?.colour ?? ''), isDark ? [24, 24, 28] : [255, 255, 255])).toBeGreaterThan(4.5);
      expect(contrast(rgb(accent?.colour ?? ''), rgb(accent?.text ?? ''))).toBeGreaterThan(4.5);
    }
  }
  expect(readableAccent('red', false)).toBeNull();
});

test('models that disagree are put into words, most apart first', () => {
  const row = (model: 'first' | 'last' | 'markov', channel: string, share: number) => ({
    ...{ model, channel, share, credit: share * 100, low: null, high: null, ties: [], effect: null, by_rank: [] },
  });
  const rows = [
    ...[row('first', 'a', 0.6), row('last', 'a', 0.2), row('markov', 'a', 0.4)],
    ...[row('first', 'b', 0.3), row('last', 'b', 0.31), row('markov', 'b', 0.305)],
    ...[row('first', 'c', 0.1), row('last', 'c', 0.49), row('markov', 'c', 0.295)],
  ];
  const found = differences(rows, ['first', 'last', 'markov']);
  expect(found.map(({ channel, role }) => [channel, role])).toEqual([
    ['a', 'begins'],
    ['c', 'ends'],
  ]);
  expect(found[0]).toMatchObject({ lowest: 'last', highest: 'first', low: 0.2, high: 0.6 });
  expect(differences(rows, ['last'])).toEqual([]);
});

test('drift is judged by the newest week that is over and has rows enough', () => {
  const week = (week: string, rows: number, psi: Record<string, number>) => ({ week, rows, psi });
  const seen = {
    ...{ kind: 'conversion' as const, model_id: 'm', seen_at: '2026-11-27T00:00:00Z', calibration: [] },
    newest_day: '2026-11-26',
    weeks: [
      week('2026-11-02', 400, { age: 0.02, country: 0.02 }),
      week('2026-11-09', 400, { age: 0.1, country: 0.3 }),
      week('2026-11-16', 99, { age: 0.9, country: 0.9 }),
      week('2026-11-23', 300, { age: 0.8, country: 0.8 }),
    ],
  };
  const found = judged(seen);
  expect(found?.week).toBe('2026-11-09');
  expect(judged({ ...seen, newest_day: '2026-11-29' })?.week).toBe('2026-11-23');
  expect(judged({ ...seen, weeks: [] })).toBeUndefined();
  expect(found && between(found, 0.25)).toEqual(['country']);
  expect(found && between(found, 0.1, 0.25)).toEqual(['age']);
  expect(features(seen, found)).toEqual(['country', 'age']);
});
