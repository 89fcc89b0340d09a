import { SvelteSet } from 'svelte/reactivity';

import { toasts } from './toasts.svelte';

interface Removal {
  /** What is removed: `link spring`. */
  key: string;
  /** What the toast says. */
  text: string;
  /** Removes it for good, and reads again what the page shows. It must outlive the page: `keepalive: true`. */
  call: () => Promise<unknown>;
}

/** What is no longer shown, but can be taken back as long as the toast says so; only then it is removed for good. */
class Removals {
  #hidden = new SvelteSet<string>();

  has(key: string): boolean {
    return this.#hidden.has(key);
  }

  start({ key, text, call }: Removal): void {
    this.#hidden.add(key);
    toasts.show(text, {
      undo: () => void this.#hidden.delete(key),
      onend: async () => {
        await call().catch((error: unknown) => toasts.fail(error));
        this.#hidden.delete(key);
      },
    });
  }
}

export const removals = new Removals();
