import { i18n } from './i18n.svelte';

/*
 * Figures as the reader's language writes them. Each reads the language of now, so that what was written changes with it.
 * What is not known is a dash, never a zero.
 */
export const DASH = '–';
type Maybe = number | null | undefined;

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(`n${JSON.stringify(options)}`, () => new Intl.NumberFormat(i18n.language, options));
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(`d${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(i18n.language, options));
}

function kept<Format extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: () => Format): Format {
  const key = `${i18n.language}${name}`;
  const found = made.get(key) ?? make();
  made.set(key, found);
  return found as Format;
}

/** 12,345 */
export function count(value: Maybe): string {
  return value === null || value === undefined ? DASH : numbers({ maximumFractionDigits: 1 }).format(value);
}

/** Three digits that say something: 0.00123, for measures whose size is not known before. */
export function figure(value: Maybe): string {
  return value === null || value === undefined ? DASH : numbers({ maximumSignificantDigits: 3 }).format(value);
}

/** 12.3K: for axes and narrow places. */
export function short(value: Maybe): string {
  if (value === null || value === undefined) return DASH;
  return numbers({ notation: 'compact', maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 }).format(value);
}

/** An amount, given as the API does (a decimal as text) or as a number. */
export function money(value: string | Maybe, currency: string, { isShort = false } = {}): string {
  if (value === null || value === undefined || value === '') return DASH;
  const amount = Number(value);
  const isSmall = Math.abs(amount) < 1000;
  const digits = isSmall ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumFractionDigits: 0 };
  const style = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const;
  return numbers(
    isShort ? { ...style, notation: 'compact', maximumFractionDigits: 1 } : { ...style, ...digits },
  ).format(amount);
}

/** A part of one: 0.1234 is 12.3%. As many digits everywhere, so that a column of them stands in line. */
export function percent(value: Maybe, digits = 1): string {
  if (value === null || value === undefined) return DASH;
  return numbers({ style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** How much a figure grew: +12.3%, −4%. */
export function change(value: Maybe): string {
  if (value === null || value === undefined) return DASH;
  return numbers({
    style: 'percent',
    maximumFractionDigits: Math.abs(value) < 1 ? 1 : 0,
    signDisplay: 'exceptZero',
  }).format(value);
}

/** A day such as `2026-11-01`: 1 Nov, with the year where it matters. */
export function day(value: string, { year = false, weekday = false } = {}): string {
  return dates({
    day: 'numeric',
    month: 'short',
    ...(year ? { year: 'numeric' } : {}),
    ...(weekday ? { weekday: 'short' } : {}),
    timeZone: 'UTC',
  }).format(new Date(`${value}T00:00:00Z`));
}

/** Two days as one span. */
export function span(from: string, to: string): string {
  const format = dates({ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  return format.formatRange(new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`));
}

/** A moment, in a time zone. */
export function moment(value: string, zone: string | undefined, { seconds = false } = {}): string {
  return dates({
    dateStyle: 'medium',
    timeStyle: seconds ? 'medium' : 'short',
    timeZone: zone,
  }).format(new Date(value));
}

/** How long a number of seconds is, in the largest unit that says something: 3.2 d, 14 h, 5 min, 20 s. */
export function duration(seconds: Maybe): string {
  if (seconds === null || seconds === undefined) return DASH;
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
    ['second', 1],
  ] as const;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? units[3];
  const value = seconds / size;
  return numbers({ style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: value < 10 ? 1 : 0 }).format(
    value,
  );
}

/** How long ago a moment was. */
export function ago(value: string, now: number): string {
  const seconds = (now - Date.parse(value)) / 1000;
  const format = new Intl.RelativeTimeFormat(i18n.language, { numeric: 'auto', style: 'short' });
  if (seconds < 60) return format.format(-Math.max(0, Math.round(seconds)), 'second');
  if (seconds < 3_600) return format.format(-Math.round(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.round(seconds / 3_600), 'hour');
  return format.format(-Math.round(seconds / 86_400), 'day');
}

/** Bytes as people read them: 1.2 MB. */
export function bytes(value: Maybe): string {
  if (value === null || value === undefined) return DASH;
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const power = Math.min(units.length - 1, value ? Math.floor(Math.log10(value) / 3) : 0);
  return numbers({ style: 'unit', unit: units[power], unitDisplay: 'short', maximumFractionDigits: 1 }).format(
    value / 1000 ** power,
  );
}
