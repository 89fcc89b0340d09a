import { i18n } from '../lib/i18n.svelte';
import { en } from './texts/en';
import { ru } from './texts/ru';

/** The console's own texts, apart from those of tenants' sites, which need not load them. */
export function texts(): typeof en {
  return i18n.language === 'ru' ? ru : en;
}
