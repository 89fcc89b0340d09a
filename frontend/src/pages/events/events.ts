import { DASH, moment, money } from '../../lib/format';
import { i18n } from '../../lib/i18n.svelte';
import type { LiveEvent } from '../../lib/live.svelte';
import { country, named } from '../../lib/names';
import { view } from '../../lib/view.svelte';

export const EVENT_TYPES = [
  'impression',
  'click',
  'install',
  'reinstall',
  'session',
  'in_app',
  'purchase',
  'ad_revenue',
  'identify',
  'consent',
  'uninstall',
  'skan_postback',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What of the API's filters the address sets. */
export interface Filter {
  event_type?: EventType;
  event_name?: string;
  media_source?: string;
  event_id?: string;
}

/** Read the filter of an address; a type that does not exist is none. */
export function filterOf(query: URLSearchParams): Filter {
  const type = EVENT_TYPES.find((each) => each === query.get('type'));
  const texts = { event_name: query.get('name'), media_source: query.get('source'), event_id: query.get('id') };
  return {
    ...(type ? { event_type: type } : {}),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text)),
  };
}

export function isFiltered(filter: Filter): boolean {
  return Object.keys(filter).length > 0;
}

/** What tells an event from every other one: the platform folds those that have the same. */
export function eventKey(event: LiveEvent): string {
  return `${event.event_type} ${event.event_time} ${event.event_id}`;
}

/** Times are stored in UTC, and written without saying so. */
export function storedTime(text: string): string {
  return `${text.replace(' ', 'T')}Z`;
}

export function received(event: LiveEvent): string {
  return moment(storedTime(event.received_at), view.zone, { seconds: true });
}

export function typeName(type: string | null): string {
  return type === null ? DASH : (i18n.t.events.types[type as EventType] ?? type);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What an event is about, in a few words. */
export function subject(event: LiveEvent): string {
  const revenue = textOf(event.revenue) ? money(textOf(event.revenue), textOf(event.currency) || 'USD') : '';
  return [textOf(event.event_name), revenue, event.country ? country(textOf(event.country)) : '']
    .filter(Boolean)
    .join(' · ');
}

export function source(event: LiveEvent): string {
  const parts = [event.media_source ? named(textOf(event.media_source)) : '', textOf(event.campaign)];
  return parts.filter(Boolean).join(' · ') || DASH;
}
