/** How old a touch may be, in hours, by how it was matched; null: it never counts. */
export interface Windows {
  click_windows_hours: Record<string, number | null>;
  view_windows_hours: Record<string, number | null>;
}

/** A policy as the platform writes it (docs/policies.md): every field, with its value. */
export interface Policy extends Windows {
  /** Sources whose windows differ. */
  media_sources: Record<string, Windows>;
  view_through: boolean;
  probabilistic: boolean;
  consent_needed_for: string[];
  consent_mode: 'unless_refused' | 'only_granted';
  duplicate_click_seconds: number;
  reattribution_days: number;
  reengagement_inactivity_days: number;
  reengagement_validity_days: number;
  conversion_events: string[];
  settle_hours: number;
  fraud: Record<string, FraudRule>;
}

export type FraudMode = 'off' | 'shadow' | 'on';
export type FraudRule = { mode: FraudMode } & Record<string, number | string>;

export const MATCH_TYPES = ['click_id', 'advertising_id', 'vendor_id', 'user_id', 'probabilistic'] as const;
export const NUMBERS = [
  'duplicate_click_seconds',
  'reattribution_days',
  'reengagement_inactivity_days',
  'reengagement_validity_days',
  'settle_hours',
] as const;

export interface Difference {
  /** Where it is: a JSON Pointer. */
  pointer: string;
  before: string;
  after: string;
}

/** The fields in which two policies differ. */
export function differences(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => differences(before[name], after[name], `${pointer}/${name}`));
  }
  const texts = [before, after].map((value) => (value === undefined ? '–' : JSON.stringify(value))) as [string, string];
  return texts[0] === texts[1] ? [] : [{ pointer, before: texts[0], after: texts[1] }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Read a number that was typed; what is none stays as it was. */
export function numberOf(text: string, before: number): number {
  const value = Number(text.replace(',', '.'));
  return text.trim() && Number.isFinite(value) ? value : before;
}
