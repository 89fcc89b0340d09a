/** Days as text (`2026-11-01`), in the time zone of a report. */
export interface Days {
  from: string;
  to: string;
}

export const PRESETS = [
  'today',
  'yesterday',
  'last_7',
  'last_14',
  'last_30',
  'last_90',
  'this_month',
  'last_month',
] as const;
export type Preset = (typeof PRESETS)[number];
export const PRESET_DEFAULT: Preset = 'last_30';

const DAY_MS = 86_400_000;

/** The day that it is in a time zone. */
export function today(zone: string | undefined, now: Date = new Date()): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    now,
  );
}

/** Go some days on or back. */
export function moved(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days there are, both ends included. */
export function length({ from, to }: Days): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/** The days of a preset, with the day that it is. */
export function presetDays(preset: Preset, now: string): Days {
  const monthStart = `${now.slice(0, 8)}01`;
  switch (preset) {
    case 'today':
      return { from: now, to: now };
    case 'yesterday':
      return { from: moved(now, -1), to: moved(now, -1) };
    case 'this_month':
      return { from: monthStart, to: now };
    case 'last_month': {
      const end = moved(monthStart, -1);
      return { from: `${end.slice(0, 8)}01`, to: end };
    }
    default:
      return { from: moved(now, 1 - Number(preset.slice(5))), to: now };
  }
}

export function isPreset(text: string | null): text is Preset {
  return PRESETS.includes(text as Preset);
}

/** Whether a text is a day that there is. */
export function isDay(text: string | null): text is string {
  return !!text && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && moved(text, 0) === text;
}

/** The moment at which a day begins in a time zone, as the API takes it. */
export function startOf(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // The offset at the wanted moment is known only once the moment is: the second look is right, but for the hour that a
  // change of clocks skips.
  const guess = midnight - offset(midnight, zone);
  return new Date(midnight - offset(guess, zone)).toISOString();
}

function offset(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(moment);
  const at = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
  return local - Math.floor(moment / 1000) * 1000;
}
