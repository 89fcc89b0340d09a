import type { Schemas } from '../../lib/client';

export type Sums = Schemas['LedgerSums'];
export type Step = Schemas['LedgerStep'];

export const SPANS = {
  hour: { step: 'minute', steps: 60, step_ms: 60_000 },
  day: { step: 'hour', steps: 24, step_ms: 3_600_000 },
  week: { step: 'hour', steps: 168, step_ms: 3_600_000 },
  month: { step: 'day', steps: 30, step_ms: 86_400_000 },
} as const;
export type SpanName = keyof typeof SPANS;
export const SPAN_DEFAULT: SpanName = 'day';

/** What events may become, the lowest part of a bar first; the colours say what is good and what is bad. */
export const PARTS = [
  { name: 'stored', colour: 'var(--chart-4)' },
  { name: 'waiting', colour: 'var(--chart-2)' },
  { name: 'duplicates', colour: 'var(--chart-8)' },
  { name: 'rejected', colour: 'var(--chart-3)' },
  { name: 'quarantined', colour: 'var(--bad)' },
] as const;

/** How many events are not accounted for: with a right balance none. */
export function missing(sums: Sums): number {
  return sums.received - PARTS.reduce((sum, { name }) => sum + sums[name], 0);
}

/** The asked span, ending with the step of now: whole steps of UTC, as the ledger has them. */
export function bounds(name: SpanName, now: number): { from: string; to: string } {
  const { steps, step_ms } = SPANS[name];
  const end = (Math.floor(now / step_ms) + 1) * step_ms;
  return { from: new Date(end - steps * step_ms).toISOString(), to: new Date(end).toISOString() };
}

/** Every step of a span: those in which nothing came are left out by the platform. */
export function filled(rows: readonly Step[], name: SpanName, from: string): Step[] {
  const { steps, step_ms } = SPANS[name];
  const known = new Map(rows.map((row) => [Date.parse(row.time), row]));
  const empty = { received: 0, accepted: 0, duplicates: 0, rejected: 0, stored: 0, quarantined: 0, waiting: 0 };
  return Array.from({ length: steps }, (_, index) => {
    const time = Date.parse(from) + index * step_ms;
    return known.get(time) ?? { ...empty, time: new Date(time).toISOString() };
  });
}
