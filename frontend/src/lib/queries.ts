import { keepPreviousData, QueryClient } from '@tanstack/svelte-query';

import { ApiProblem } from './client';

const FRESH_MS = 30_000;
const RETRIES_MAX = 2;

/** What was read stays for half a minute; while other days are read, those of before stay on the page. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      refetchOnWindowFocus: false,
      placeholderData: keepPreviousData,
      retry: (failures, error) => failures < RETRIES_MAX && error instanceof ApiProblem && error.isPassing,
      retryDelay: (attempt) => 500 * 2 ** attempt,
    },
  },
});

/** While other days of the same part are read, keep those of before; of another part they would be nonsense. */
export function keptWithin(part: string) {
  return <Data>(data: Data | undefined, query: { queryKey: readonly unknown[] } | undefined): Data | undefined =>
    query?.queryKey[1] === part ? data : undefined;
}
