import type { Schemas } from '../../lib/client';
import { i18n } from '../../lib/i18n.svelte';

export type Letter = Schemas['RejectedLetter'];
export type Replayed = Schemas['Replayed'];

/** Which dead letters are meant: of this the address keeps what is set. */
export interface Chosen {
  stage?: 'rejected' | 'quarantined';
  reason?: string;
  event_type?: string;
  event_id?: string;
  replayed: boolean;
}

export function chosenOf(query: URLSearchParams): Chosen {
  const stage = query.get('stage');
  const texts = { reason: query.get('reason'), event_type: query.get('type'), event_id: query.get('id') };
  return {
    ...(stage === 'rejected' || stage === 'quarantined' ? { stage } : {}),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text)),
    replayed: query.get('replayed') === '1',
  };
}

export function isNarrowed({ stage, reason, event_type, event_id }: Chosen): boolean {
  return !!(stage ?? reason ?? event_type ?? event_id);
}

/** A reason in words; the store's own reasons are words already. */
export function reasonName(reason: string): string {
  return (i18n.t.rejected.reasons as Record<string, string>)[reason] ?? reason;
}

export const PAGE = '/rejected';
/** How many the platform takes in one go. */
export const REPLAYED_MAX = 1_000;

/** Read what was written into an editor: a JSON object, or what is wrong with it. */
export function readObject(text: string): { object: Record<string, unknown> } | { fault: string } {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { object: value as Record<string, unknown> };
    }
    return { fault: '{ … }' };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
