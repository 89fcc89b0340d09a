import { answer, api, type Schemas } from './client';

export type LiveEvent = Schemas['StoredEvent'];

const AGAIN_MS = 5_000;
const KEPT_MAX = 500;

/**
 * Follow events as they are stored, until `close`. A stream that breaks off is opened again where it was. While it is
 * paused what comes is kept; when that is much the stream is closed, and resuming goes on where it was.
 */
export class LiveEvents {
  isOpen = $state(false);
  isPaused = $state(false);
  /** Whether the stream was open once, or cannot be opened: what is read from now on leaves no gap before it. */
  hasBegun = $state(false);
  /** How many events wait for `resume`. */
  waiting = $state(0);
  #kept: LiveEvent[] = [];
  #lastId = '';
  #source: EventSource | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly path: string,
    private readonly onevent: (event: LiveEvent) => void,
  ) {
    this.#open();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#kept.splice(0).forEach((event) => this.onevent(event));
    this.waiting = 0;
    if (!this.#source && !this.#again) this.#open();
  }

  close(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.isOpen = false;
  }

  #open(): void {
    this.#again = undefined;
    const source = (this.#source = new EventSource(this.#address()));
    source.onopen = () => (this.isOpen = this.hasBegun = true);
    source.onmessage = ({ data, lastEventId }) => {
      this.#lastId = lastEventId;
      this.#take(JSON.parse(data as string) as LiveEvent);
    };
    source.onerror = () => {
      this.isOpen = false;
      this.hasBegun = true;
      // While it tries by itself it is left alone; a refusal may mean that the session is to be renewed.
      if (source.readyState === EventSource.CLOSED) this.#again = setTimeout(() => void this.#renew(), AGAIN_MS);
    };
  }

  #take(event: LiveEvent): void {
    if (!this.isPaused) return this.onevent(event);
    this.#kept.push(event);
    this.waiting = this.#kept.length;
    if (this.waiting >= KEPT_MAX) this.close();
  }

  /** A new connection can send no header: it says in its address where the one before ended. */
  #address(): string {
    if (!this.#lastId) return this.path;
    const [path = '', query] = this.path.split('?');
    const asked = new URLSearchParams(query);
    asked.set('after', this.#lastId);
    return `${path}?${asked}`;
  }

  async #renew(): Promise<void> {
    await answer(api.GET('/api/v1/auth/me')).catch(() => undefined);
    if (this.#again) this.#open();
  }
}
