import { i18n } from '../i18n.svelte';
import { queryClient } from '../queries';
import { toasts } from '../toasts.svelte';
import type { LearnedKind, LearnedModel } from './learned';

/** The calls by which a plane changes who is champion of a scope. */
export interface Promotions {
  promote: (modelId: string) => Promise<unknown>;
  rollBack: (kind: LearnedKind) => Promise<{ model_id: string | null }>;
}

/** Make a model the champion; what takes it back is a roll back, which leads to the champion before. */
export async function promote({ model_id, kind }: LearnedModel, calls: Promotions): Promise<void> {
  await done(calls.promote(model_id));
  toasts.show(i18n.t.learned.promoted(model_id), { tone: 'good', undo: () => undone(calls.rollBack(kind)) });
}

/** Put the champion before this one back. */
export async function rollBack({ model_id, kind }: LearnedModel, calls: Promotions): Promise<void> {
  const { model_id: now } = await done(calls.rollBack(kind));
  const t = i18n.t.learned;
  toasts.show(now ? t.rolledBack(now) : t.rolledBackToNone, {
    tone: 'good',
    undo: () => undone(calls.promote(model_id)),
  });
}

async function done<Answer>(call: Promise<Answer>): Promise<Answer> {
  const answered = await call;
  await queryClient.invalidateQueries({ queryKey: ['learned models'] });
  return answered;
}

async function undone(call: Promise<unknown>): Promise<void> {
  await done(call).catch((error: unknown) => toasts.fail(error));
}
