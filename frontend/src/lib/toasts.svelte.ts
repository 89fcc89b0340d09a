export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'good' | 'bad';
  undo?: () => void | Promise<void>;
}

const SHOWN_MS = 6_000;

/** Short notes that something was done, with a way to take it back while they are shown. */
class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;

  show(text: string, { tone = 'plain', undo }: { tone?: Toast['tone']; undo?: Toast['undo'] } = {}): void {
    const id = (this.#last += 1);
    this.list.push({ id, text, tone, undo });
    setTimeout(() => this.close(id), SHOWN_MS);
  }

  /** Say what went wrong. */
  fail(error: unknown): void {
    this.show(error instanceof Error ? error.message : String(error), { tone: 'bad' });
  }

  async undo(toast: Toast): Promise<void> {
    this.close(toast.id);
    await toast.undo?.();
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
