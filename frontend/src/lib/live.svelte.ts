import { answer, api, type Schemas } from './client';

export type LiveEvent = Schemas['StoredEvent'];

const AGAIN_MS = 5_000;

/** Follow events as they are stored, until `close`. A stream that breaks off is opened again where it was. */
export class LiveEvents {
  isOpen = $state(false);
  #source: EventSource | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly path: string,
    private readonly onevent: (event: LiveEvent) => void,
  ) {
    this.#open();
  }

  close(): void {
    clearTimeout(this.#again);
    this.#source?.close();
    this.isOpen = false;
  }

  #open(): void {
    const source = (this.#source = new EventSource(this.path));
    source.onopen = () => (this.isOpen = true);
    source.onmessage = ({ data }) => this.onevent(JSON.parse(data as string) as LiveEvent);
    source.onerror = () => {
      this.isOpen = false;
      // While it tries by itself it is left alone; a refusal may mean that the session is to be renewed.
      if (source.readyState === EventSource.CLOSED) this.#again = setTimeout(() => void this.#renew(), AGAIN_MS);
    };
  }

  async #renew(): Promise<void> {
    await answer(api.GET('/api/v1/auth/me')).catch(() => undefined);
    this.#open();
  }
}
