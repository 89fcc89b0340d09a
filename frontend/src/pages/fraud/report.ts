import { createQuery } from '@tanstack/svelte-query';

import { answer, api, type Schemas } from '../../lib/client';
import { counts, parseFilter, withCondition, type Filterable } from '../../lib/filters';
import { i18n } from '../../lib/i18n.svelte';
import { router } from '../../lib/router.svelte';
import { view } from '../../lib/view.svelte';

export type Report = Schemas['FraudReport'];
export type Tone = 'plain' | 'warn' | 'bad';

/** By what these reports can be filtered. */
export const FILTERS: Filterable = { dimensions: ['media_source'], isExact: true };

/** What is asked: the days of the view, and one source or all. */
export function asked(): { from: string; to: string; tz: string; media_source?: string } {
  const source = sourceChosen();
  return { ...view.days, tz: view.zone, ...(source === undefined ? {} : { media_source: source }) };
}

/** The one source that is looked at; undefined: all. */
function sourceChosen(): string | undefined {
  const condition = parseFilter(view.filter).find((each) => counts(each, FILTERS));
  return condition?.values[0];
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
