import type { Schemas } from '../../lib/client';
import { DIMENSIONS, type Dimension } from '../../lib/filters';
import { count, day, DASH, money, percent, short } from '../../lib/format';
import { i18n } from '../../lib/i18n.svelte';
import { named } from '../../lib/names';
import { router } from '../../lib/router.svelte';

export type Report = Schemas['CohortReport'];
export type LtvReport = Schemas['LtvReport'];
export type Row = Record<string, unknown>;

export const MEASURES = ['retention', 'revenue', 'roas'] as const;
export type Measure = (typeof MEASURES)[number];
export const STEPS = ['day', 'week', 'month'] as const;
export const WINDOWS = ['24h', 'calendar'] as const;

/** What the address says is to be shown. */
export interface Shown {
  measure: Measure;
  /** The figure itself, and not its part of the cohort. */
  isAbsolute: boolean;
  step: (typeof STEPS)[number];
  window: (typeof WINDOWS)[number];
  breakdown: Dimension | undefined;
}

export function shownNow(): Shown {
  const { query } = router;
  return {
    measure: MEASURES.find((each) => each === query.get('measure')) ?? 'retention',
    isAbsolute: query.get('scale') === 'absolute',
    step: STEPS.find((each) => each === query.get('cohort')) ?? 'week',
    window: WINDOWS.find((each) => each === query.get('window')) ?? '24h',
    breakdown: DIMENSIONS.find((each) => each === query.get('breakdown')),
  };
}

/** The name of the report's figure on a day, without the day. */
function figureOf({ measure, isAbsolute }: Shown): string {
  if (measure === 'retention') return isAbsolute ? 'retained' : 'retention';
  if (measure === 'revenue') return isAbsolute ? 'revenue' : 'ltv';
  return 'roas';
}

/** What a row says of day `age`; null: that day is not over for everybody, or there is nothing to divide by. */
export function valueAt(row: Row, age: number, shown: Shown): number | null {
  const value = row[`${figureOf(shown)}_${age}`];
  return value === null || value === undefined ? null : Number(value);
}

export function written(value: number | null, shown: Shown, currency: string): string {
  if (value === null) return DASH;
  if (shown.measure === 'revenue') return money(value, currency, { isShort: shown.isAbsolute });
  return shown.measure === 'retention' && shown.isAbsolute ? count(value) : percent(value);
}

export function writtenShort(value: number, shown: Shown, currency: string): string {
  if (shown.measure === 'revenue') return money(value, currency, { isShort: true });
  return shown.measure === 'retention' && shown.isAbsolute ? short(value) : percent(value, 0);
}

/** When a cohort installed, in words. */
export function cohortName(row: Row, { step }: Shown): string {
  const first = String(row.cohort ?? '');
  if (step === 'day') return day(first, { weekday: true });
  if (step === 'week') return i18n.t.cohorts.weekOf(day(first));
  const month = new Intl.DateTimeFormat(i18n.language, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return month.format(new Date(`${first}T00:00:00Z`));
}

/** Of what a row is besides its time: its source, its country. */
export function partName(row: Row, { breakdown }: Shown): string {
  return breakdown ? named(row[breakdown] as string | null) : '';
}

export function installsOf(row: Row): number {
  return Number(row.installs ?? 0);
}

/** Some cohorts as one: at each age those for whom that day is over, as the platform makes its totals. */
export function pooled(rows: readonly Row[], ages: readonly number[], name: Row): Row {
  const sum = (of: readonly Row[], figure: string): number =>
    of.reduce((all, row) => all + Number(row[figure] ?? 0), 0);
  const document: Row = { ...name, installs: sum(rows, 'installs') };
  for (const age of ages) {
    for (const figure of [`retained_${age}`, `revenue_${age}`]) {
      const over = rows.filter((row) => row[figure] !== null && row[figure] !== undefined);
      document[figure] = over.length ? sum(over, figure) : null;
      const [installs, cost] = [sum(over, 'installs'), sum(over, 'cost')];
      const part = (of: number): number | null => (over.length && of ? sum(over, figure) / of : null);
      if (figure.startsWith('retained')) document[`retention_${age}`] = part(installs);
      else Object.assign(document, { [`ltv_${age}`]: part(installs), [`roas_${age}`]: part(cost) });
    }
  }
  return document;
}
