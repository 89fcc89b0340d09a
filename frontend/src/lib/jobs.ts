import type { Schemas } from './client';
import { i18n } from './i18n.svelte';

/** A job as both planes tell of it. */
export type Job = Schemas['Job'];

export const JOB_TONES = { queued: 'plain', running: 'accent', done: 'good', failed: 'bad' } as const;

export function isMovingJob({ state }: Pick<Job, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}

/** What a job does: "Training: Conversion". */
export function jobName({ kind, model }: Pick<Job, 'kind' | 'model'>): string {
  const name = i18n.t.jobs.kinds[kind] ?? kind;
  return model ? `${name}: ${i18n.t.learned.kinds[model]}` : name;
}
