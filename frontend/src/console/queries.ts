import { createInfiniteQuery } from '@tanstack/svelte-query';

import { answer } from '../lib/client';
import { platform, type Schemas } from './operator.svelte';

export type Tenant = Schemas['Tenant'];
export type Job = Schemas['Job'];
export type TenantUsage = Schemas['TenantUsage'];

/** What a tenant may send; null: the platform's default. */
export const LIMITS = ['events_per_second', 'events_per_day', 'requests_at_once'] as const satisfies (keyof Tenant)[];

const PAGE_ROWS = 100;
const REFRESH_MS = 3_000;

interface Paged<Row> {
  data: Row[];
  next_cursor: string | null;
}

/** Rows that come page by page; read again and again while `isMoving` says so. */
export function paged<Row>(
  key: () => unknown[],
  read: (cursor: { cursor?: string; limit: number }) => Promise<Paged<Row>>,
  isMoving: (rows: Row[]) => boolean = () => false,
) {
  return createInfiniteQuery(() => ({
    queryKey: key(),
    queryFn: ({ pageParam }) => read({ limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: '',
    getNextPageParam: (page: Paged<Row>) => page.next_cursor,
    refetchInterval: ({ state }: { state: { data?: { pages: Paged<Row>[] } } }) =>
      isMoving(state.data?.pages.flatMap((page) => page.data) ?? []) ? REFRESH_MS : false,
  }));
}

/** Read one job with what it said. */
export function readJob(jobId: string): Promise<Schemas['JobWithLogs']> {
  return answer(platform().GET('/api/v1/jobs/{job_id}', { params: { path: { job_id: jobId } } }));
}
