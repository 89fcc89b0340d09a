import { i18n } from './i18n.svelte';

/** Names that the platform gives, and not the tenant: they are written in the reader's language. */
export function named(value: string | null | undefined): string {
  const { known } = i18n.t.shell;
  switch (value) {
    case '':
    case null:
    case undefined:
      return known.none;
    case 'organic':
      return known.organic;
    case 'unknown':
      return known.unknown;
    case 'direct':
      return known.direct;
    case '(other)':
      return known.other;
    default:
      return value;
  }
}

/** The name of a country by its code, in the reader's language. */
export function country(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return named(code);
  return new Intl.DisplayNames([i18n.language], { type: 'region' }).of(code) ?? code;
}
