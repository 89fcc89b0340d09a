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
