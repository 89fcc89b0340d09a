import type { Schemas } from '../client';
import { DASH, figure, percent } from '../format';
import { i18n } from '../i18n.svelte';

export type LearnedModel = Schemas['LearnedModelShown'];
export type LearnedKind = Schemas['LearnedKind'];
export type Estimate = Schemas['Estimate'];

export const KINDS: LearnedKind[] = ['conversion', 'pltv', 'anomaly'];
export const STATE_TONES = { champion: 'good', challenger: 'accent', retired: 'plain', refused: 'bad' } as const;

/** A measure, of the model itself and of what it is compared with. */
export interface Measure {
  metric: string;
  of: Partial<Record<string, Estimate>>;
}

const HOLDOUT = 'holdout';
const SHARES = ['coverage', 'cohort_coverage', 'suspect_share'];
/** The measure by which a kind is judged first, and of whom it is. */
const HEADLINES: Record<LearnedKind, [metric: string, subject: string]> = {
  conversion: ['log_loss_difference', 'last_touch'],
  pltv: ['total_ratio', 'model'],
  anomaly: ['suspect_share', 'model'],
};

/** The measures on rows that a model has not learned from, in the order of the API. */
export function measures({ metrics }: Pick<LearnedModel, 'metrics'>): Measure[] {
  const found: Record<string, Measure> = {};
  for (const { metric, subject, split, estimate } of metrics) {
    if (split === HOLDOUT) (found[metric] ??= { metric, of: {} }).of[subject] = estimate;
  }
  return Object.values(found);
}

/** Whose measures there are: the model's first. */
export function subjects(rows: Measure[]): string[] {
  const found = [...new Set(rows.flatMap(({ of }) => Object.keys(of)))];
  return found.sort((one, other) => Number(other === 'model') - Number(one === 'model'));
}

/** "Total foretold / actual to day 30" for `total_ratio_d30`; of another than the model, "Log-loss beside last touch". */
export function measureName(metric: string, subject = 'model'): string {
  const { metrics, toDay, beside, subjects: names } = i18n.t.learned;
  if (subject !== 'model') return beside(names[subject] ?? subject);
  const [, name = metric, day] = /^(.*?)(?:_d(\d+))?$/.exec(metric) ?? [];
  return day ? `${metrics[name] ?? name} ${toDay(day)}` : (metrics[name] ?? name);
}

export function measureHint(metric: string): string | undefined {
  return i18n.t.learned.metricHints[metric.replace(/_d\d+$/, '')];
}

export function estimateText(metric: string, estimate: Estimate | undefined): string {
  return estimate ? written(metric, estimate.value) : DASH;
}

export function intervalText(metric: string, estimate: Estimate | undefined): string {
  if (!estimate || estimate.low === null || estimate.low === undefined) return '';
  return `${written(metric, estimate.low)} … ${written(metric, estimate.high)}`;
}

/** What a model is known by in a list: its name, the figure, and the interval. */
export function headline(model: LearnedModel): { name: string; text: string; interval: string } | null {
  const [metric, subject] = HEADLINES[model.kind];
  const estimate = measures(model).find((each) => each.metric === metric)?.of[subject];
  if (!estimate) return null;
  return {
    name: measureName(metric, subject),
    text: estimateText(metric, estimate),
    interval: intervalText(metric, estimate),
  };
}

/** How a challenger does beside its champion, in sentences. */
export function shadowWords(
  { shadow }: Pick<LearnedModel, 'shadow'>,
  rowsMin: number,
  count: (value: number) => string,
): string {
  const t = i18n.t.learned.shadow;
  const rows = shadow?.rows ?? 0;
  if (!shadow || !rows) return t.waits(count(rowsMin));
  if (rows < rowsMin) return t.some(count(rows), count(rowsMin), count(rowsMin - rows));
  const { difference, low, high } = shadow;
  if (typeof difference !== 'number' || typeof low !== 'number' || typeof high !== 'number') return t.open;
  const said = (difference < 0 ? t.lower : t.higher)(
    count(rows),
    figure(Math.abs(difference)),
    figure(low),
    figure(high),
  );
  return `${said} ${high < 0 ? t.better : low > 0 ? t.worse : t.open}`;
}

/** A feature as people call it: "Days since: google_ads". */
export function featureName(feature: string): string {
  const [of = feature, channel] = feature.split(/:(.*)/s);
  const t = i18n.t.learned.features;
  return channel === undefined ? (t[of] ?? of) : `${t[of] ?? of}: ${channel}`;
}

function written(metric: string, value: number | null | undefined): string {
  return SHARES.includes(metric.replace(/_d\d+$/, '')) ? percent(value) : figure(value);
}
