import { createQuery } from '@tanstack/svelte-query';

import { answer, api, type Schemas } from '../../lib/client';
import { onlyOn, withCondition, type Filterable } from '../../lib/filters';
import { i18n } from '../../lib/i18n.svelte';
import { router } from '../../lib/router.svelte';
import { view } from '../../lib/view.svelte';

export type Report = Schemas['FraudReport'];
export type Tone = 'plain' | 'warn' | 'bad';

/** By what these reports can be filtered. */
export const FILTERS: Filterable = { dimensions: ['media_source', 'campaign', 'site_id'] };

/** What is asked: the days of the view, and who claimed. */
export function asked(): { from: string; to: string; tz: string; filter?: string } {
  const filter = onlyOn(view.filter, FILTERS.dimensions);
  return { ...view.days, tz: view.zone, ...(filter ? { filter } : {}) };
}

/** Look at one source alone. */
export function chooseSource(name: string): void {
  router.set({ filter: withCondition(view.filter, { dimension: 'media_source', operator: '=', values: [name] }) });
}

export function fraudReport() {
  return createQuery(() => {
    const query = asked();
    return {
      queryKey: ['fraud', query],
      queryFn: () => answer(api.GET('/api/v1/reports/fraud', { params: { query } })),
    };
  });
}

export function ruleName(rule: string): string {
  return i18n.t.fraud.rules[rule] ?? rule;
}

/** What a mode means: only rules that are on take anything away. */
export function modeTone(mode: string): Tone {
  return mode === 'on' ? 'bad' : mode === 'shadow' ? 'warn' : 'plain';
}
