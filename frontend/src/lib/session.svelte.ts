import { answer, api, csrfToken, type Schemas } from './client';
import { router } from './router.svelte';
import { settings } from './settings.svelte';

export type Role = 'owner' | 'analyst' | 'viewer';
export type User = Schemas['Me'];

/** Tokens come in cookies, not in the answer. */
const BY_COOKIE = { header: { 'X-Session': 'cookie' } } as const;

const RENEWED = 'session_renewed';

/** Who is signed in. The tokens are in cookies that no script can read; this only knows whose they are. */
class Session {
  user = $state.raw<User | null>(null);
  /** Why the sign-in page is shown, if it is not for the first time. */
  note = $state<'expired' | 'left' | null>(null);
  #renewal: Promise<boolean> | null = null;

  /** Find out who is signed in from before, and by which settings reports are made. */
  async start(): Promise<void> {
    // Without this cookie there is no session, and nobody needs to be asked.
    const asked = csrfToken()
      ? ([answer(api.GET('/api/v1/auth/me')).catch(() => null), settings.start()] as const)
      : [];
    this.user = (await Promise.all(asked))[0] ?? null;
    this.note = null;
  }

  async signIn(email: string, password: string): Promise<void> {
    await answer(api.POST('/api/v1/auth', { body: { email, password }, params: BY_COOKIE }));
    await this.start();
  }

  /** Ask for a link by which a new password can be set. */
  async forgot(email: string): Promise<void> {
    await answer(api.POST('/api/v1/auth/forgot', { body: { email } }));
  }

  /** Take an invitation, or a link to a new password; whoever does is signed in. */
  async accept(token: string, password: string): Promise<void> {
    await answer(api.POST('/api/v1/auth/accept', { body: { token, password }, params: BY_COOKIE }));
    await this.start();
  }

  async signOut(): Promise<void> {
    await answer(api.POST('/api/v1/auth/logout')).catch(() => undefined);
    this.user = null;
    this.note = 'left';
    router.go('/overview');
  }

  /** Renew the session by its refresh cookie; calls at the same time share one renewal. */
  renew(): Promise<boolean> {
    this.#renewal ??= alone(Date.now()).finally(() => (this.#renewal = null));
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

/**
 * Renew the cookies in one tab at a time: a refresh token counts once, and using it twice would end the session. Whoever
 * waited while another tab renewed has its cookies already.
 */
async function alone(asked: number): Promise<boolean> {
  const renew = async (): Promise<boolean> => {
    if (Number(localStorage.getItem(RENEWED)) > asked) return true;
    const { response } = await api.POST('/api/v1/auth/refresh');
    if (response.ok) localStorage.setItem(RENEWED, String(Date.now()));
    return response.ok;
  };
  // Browsers have locks only on pages that nobody on the way could have changed.
  const renewed = 'locks' in navigator ? navigator.locks.request(RENEWED, renew) : renew();
  return renewed.catch(() => false);
}

export const session = new Session();
