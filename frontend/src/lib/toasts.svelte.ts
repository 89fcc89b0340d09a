import { wordedProblem } from './problems';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'good' | 'bad';
  undo?: () => void | Promise<void>;
  /** What is done when the toast is gone and nobody took it back. */
  onend?: () => void | Promise<void>;
}

const SHOWN_MS = 6_000;

/** Short notes that something was done, with a way to take it back while they are shown. */
class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;

  constructor() {
    // Who leaves the page does not take back what was done there.
    addEventListener('pagehide', () => this.list.forEach((toast) => this.close(toast.id)));
  }

  show(
    text: string,
    { tone = 'plain', undo, onend }: { tone?: Toast['tone']; undo?: Toast['undo']; onend?: Toast['onend'] } = {},
  ): void {
    const id = (this.#last += 1);
    this.list.push({ id, text, tone, undo, onend });
    setTimeout(() => this.close(id), SHOWN_MS);
  }

  /** Say what went wrong. */
  fail(error: unknown): void {
    this.show(wordedProblem(error).said, { tone: 'bad' });
  }

  async undo(toast: Toast): Promise<void> {
    this.#remove(toast.id);
    await toast.undo?.();
  }

  close(id: number): void {
    const toast = this.#remove(id);
    void toast?.onend?.();
  }

  #remove(id: number): Toast | undefined {
    const found = this.list.find((toast) => toast.id === id);
    this.list = this.list.filter((toast) => toast.id !== id);
    return found;
  }
}

export const toasts = new Toasts();
