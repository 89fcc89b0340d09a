import { answer, api } from '../../lib/client';
import type { Promotions } from '../../lib/learned/promotions';
import { queryClient } from '../../lib/queries';
import { toasts } from '../../lib/toasts.svelte';
import { i18n } from '../../lib/i18n.svelte';
import { view } from '../../lib/view.svelte';
import type { LearnedKind } from '../../lib/learned/learned';

/** How a tenant's owner changes who is its champion. */
export const calls: Promotions = {
  promote: (model_id) => answer(api.POST('/api/v1/models/{model_id}/promote', { params: { path: { model_id } } })),
  rollBack: (model) => answer(api.POST('/api/v1/models/rollback', { body: { model } })),
};

/** Ask for a training, and show how it goes. */
export async function retrain(body: { model: LearnedKind; seed?: number }): Promise<void> {
  const job = await answer(api.POST('/api/v1/models/retrain', { body }));
  toasts.show(i18n.t.learned.retrainStarted, { tone: 'good' });
  await queryClient.invalidateQueries({ queryKey: ['learning jobs'] });
  view.go('/learning/trainings', { job: job.job_id });
}

/** The address of a model. */
export function modelLink(modelId: string): string {
  return view.link(`/learning/models/${encodeURIComponent(modelId)}`);
}
