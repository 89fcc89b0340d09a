import type { Schemas } from '../../lib/client';
import { moved } from '../../lib/period';

export type Drift = Schemas['Drift'];
export type Week = Schemas['DriftWeek'];

/** As the API says: from here on something moved, and from there the model sees another population. */
export const PSI_MOVED = 0.1;
export const PSI_SHIFTED = 0.25;

/**
 * In a week of so few rows PSI says nothing. Where nothing moved it is (bins − 1) / rows on average, so over deciles of
 * 100 rows about 0.1, by chance alone.
 */
export const ROWS_MIN = 100;

const LAST_OF_WEEK = 6;

/** The newest week that is over and has rows enough to be judged. */
export function judged({ weeks, newest_day }: Drift): Week | undefined {
  return weeks.filter(({ week, rows }) => rows >= ROWS_MIN && moved(week, LAST_OF_WEEK) <= newest_day).at(-1);
}

/** The features of a week from a PSI up to another, those that moved most first. */
export function between({ psi }: Week, from: number, below = Infinity): string[] {
  return Object.entries(psi)
    .filter(([, value]) => value >= from && value < below)
    .sort(([, one], [, other]) => other - one)
    .map(([name]) => name);
}

/** The features of a model, those that moved most in a week first. */
export function features({ weeks }: Drift, by: Week | undefined): string[] {
  const names = [...new Set(weeks.flatMap(({ psi }) => Object.keys(psi)))];
  const of = (name: string): number => by?.psi[name] ?? Math.max(...weeks.map(({ psi }) => psi[name] ?? 0));
  return names.sort((one, other) => of(other) - of(one));
}
