import { createQuery } from '@tanstack/svelte-query';

import { answer, api, type Schemas } from '../../lib/client';
import { i18n } from '../../lib/i18n.svelte';
import { router } from '../../lib/router.svelte';
import { view } from '../../lib/view.svelte';

export type Report = Schemas['FraudReport'];
export type Tone = 'plain' | 'warn' | 'bad';

/** What is asked: the days of the view, and one source or all. */
export function asked(): { from: string; to: string; tz: string; media_source?: string } {
  const source = router.query.get('source');
  return { ...view.days, tz: view.zone, ...(source ? { media_source: source } : {}) };
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
