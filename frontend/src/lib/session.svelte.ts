import { answer, api, ApiProblem, bearer, fetchOnce, type Schemas } from './client';
import { router } from './router.svelte';

export type Role = 'owner' | 'analyst' | 'viewer';
export type User = Schemas['Me'] & { email?: string };

/** Who is signed in. The tokens are in cookies that no script can read; this only knows whose they are. */
class Session {
  user = $state.raw<User | null>(null);
  /** Whether it is known by now if somebody is signed in. */
  isKnown = $state(false);
  /** Why the sign-in page is shown, if it is not for the first time. */
  note = $state<'expired' | 'left' | null>(null);
  #renewal: Promise<boolean> | null = null;

  /** Find out who is signed in from before. */
  async start(): Promise<void> {
    try {
      this.user = await answer(api.GET('/api/v1/auth/me'));
      this.note = null;
    } catch {
      this.user = null;
      // Nobody was signed in: that is no session that ended.
      this.note = null;
    }
    this.isKnown = true;
  }

  async signIn(email: string, password: string): Promise<void> {
    await post('/api/v1/auth', { email, password });
    await this.start();
  }

  /** Ask for a link by which a new password can be set. */
  async forgot(email: string): Promise<void> {
    await post('/api/v1/auth/forgot', { email });
  }

  /** Take an invitation, or a link to a new password; whoever does is signed in. */
  async accept(token: string, password: string): Promise<void> {
    await post('/api/v1/auth/accept', { token, password });
    await this.start();
  }

  async signOut(): Promise<void> {
    await post('/api/v1/auth/logout').catch(() => undefined);
    this.user = null;
    this.note = 'left';
    router.go('/overview');
  }

  /** Renew the session by its refresh cookie; calls at the same time share one renewal. */
  renew(): Promise<boolean> {
    this.#renewal ??= post('/api/v1/auth/refresh')
      .then(() => true)
      .catch(() => false)
      .finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** The session is over: the sign-in page comes up, and the address stays, to come back to. */
  expire(): void {
    if (this.user) this.note = 'expired';
    this.user = null;
  }

  /** Whether the user may do what these roles may. */
  may(...roles: Role[]): boolean {
    return roles.includes(this.user?.role as Role);
  }

  get isOwner(): boolean {
    return this.may('owner');
  }

  /** Whether the user may change what analysts may. */
  get isEditor(): boolean {
    return this.may('owner', 'analyst');
  }
}

/** Call one of the routes that make, renew and end sessions. */
async function post(path: string, body?: object): Promise<void> {
  const headers = { 'X-Session': 'cookie', ...(body ? { 'Content-Type': 'application/json' } : {}) };
  const request = new Request(path, { method: 'POST', headers, body: body && JSON.stringify(body) });
  const response = await fetchOnce(request);
  const said = (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']> & { access_token?: string };
  if (!response.ok) throw new ApiProblem(response.status, said);
  bearer.token = said.access_token;
}

export const session = new Session();
