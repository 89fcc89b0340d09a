import createClient from 'openapi-fetch';

import { ApiProblem } from '../lib/client';
import type { components, paths } from './api';

export type Schemas = components['schemas'];

const KEPT = 'platform_key';

/**
 * The operator, who is known by a platform key. The key is kept for this tab alone, and forgotten with it: it may do
 * what no user of a tenant may.
 */
class Operator {
  key = $state<string | null>(null);
  /** Whether a key that was accepted is so no longer. */
  wasRefused = $state(false);

  /** Go on with the key that this tab has from before. */
  async start(): Promise<void> {
    this.key = sessionStorage.getItem(KEPT);
  }

  /** Try a key, and keep it if the platform knows it. */
  async signIn(key: string): Promise<void> {
    const { response, error } = await client(key).GET('/api/v1/tenants', { params: { query: { limit: 1 } } });
    // A key without this scope is a key all the same: its pages say what it lacks.
    if (!response.ok && response.status !== 403) throw new ApiProblem(response.status, error ?? {});
    sessionStorage.setItem(KEPT, key);
    this.wasRefused = false;
    this.key = key;
  }

  signOut(): void {
    sessionStorage.removeItem(KEPT);
    this.key = null;
  }

  refuse(): void {
    this.wasRefused = true;
    this.signOut();
  }
}

export const operator = new Operator();

function client(key: string) {
  return createClient<paths>({
    baseUrl: location.origin,
    fetch: async (request: Request) => {
      request.headers.set('Authorization', `Bearer ${key}`);
      try {
        return await fetch(request);
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') throw error;
        throw new ApiProblem(0, {});
      }
    },
  });
}

const LEAVE_WHEN_REFUSED = {
  onResponse: ({ response }: { response: Response }) => void (response.status === 401 && operator.refuse()),
};

/** The typed client of the global plane, with the operator's key. */
export function platform() {
  const made = client(operator.key ?? '');
  made.use(LEAVE_WHEN_REFUSED);
  return made;
}
