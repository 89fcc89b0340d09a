import createClient from 'openapi-fetch';

import type { components, paths } from './api';
import { session } from './session.svelte';

export type Schemas = components['schemas'];

/** A problem as RFC 9457 and the platform write it down, or what the browser says when nobody answered. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly remedy: string;
  readonly requestId: string;
  readonly errors: { pointer: string; detail: string }[];
  readonly #document: object;

  constructor(status: number, document: Partial<Schemas['Problem']>) {
    super(document.detail ?? document.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = document.code ?? (status ? 'unexpected' : 'unreachable');
    this.remedy = document.remedy ?? '';
    this.requestId = document.instance ?? '';
    this.errors = document.errors ?? [];
    this.#document = document;
  }

  /** The texts of a list that problems of this kind have beside what all have. */
  texts(member: string): string[] {
    const found = (this.#document as Record<string, unknown>)[member];
    return Array.isArray(found) ? found.map(String) : [];
  }

  /** Whether the same call may well succeed in a moment. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Call with the session's cookie; when it is over, renew it once and try again, then leave it to the sign-in page. */
async function fetchWithSession(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetchOnce(request);
  if (response.status !== 401 || isSignIn(request)) return response;
  if (await session.renew()) return fetchOnce(again);
  session.expire();
  return response;
}

async function fetchOnce(request: Request): Promise<Response> {
  if (!SAFE.has(request.method)) request.headers.set('X-CSRF-Token', csrfToken());
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem(0, {});
  }
}

function isSignIn(request: Request): boolean {
  return /\/api\/v1\/auth(\/(refresh|accept|forgot|logout))?$/.test(new URL(request.url).pathname);
}

/** The cookie that a script may read, to be sent back in a header; by TLS its name has a prefix. */
export function csrfToken(): string {
  return /(?:^|; )(?:__Host-)?unmogrow_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
}

/** The typed client of the tenant plane: `api.GET('/api/v1/links')`. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: fetchWithSession,
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * Give what a call answered; a problem is thrown as `ApiProblem`: `await answer(api.GET('/api/v1/links'))`. Reports can
 * be text, too, which only a download asks for.
 */
export async function answer<Data>(call: Promise<Answer<Data>>): Promise<Exclude<Data, string>> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ApiProblem(response.status, typeof error === 'object' && error ? error : {});
  return data as Exclude<Data, string>;
}

/** Load a report's rows as a file: the browser's own download, with the session's cookie. */
export async function download(path: string, mediaType: string, fileName: string): Promise<void> {
  const response = await fetchWithSession(new Request(path, { headers: { Accept: mediaType } }));
  if (!response.ok) throw new ApiProblem(response.status, (await response.json().catch(() => ({}))) as object);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}
