/** Something a person does that takes a while: whether it is under way, and why it failed when it last did. */
export class Attempt {
  isBusy = $state(false);
  fault = $state.raw<unknown>(null);
  readonly #failed: (error: unknown) => void;

  /** Take who is told of a failure, if it is not to be the `fault`. */
  constructor(failed?: (error: unknown) => void) {
    this.#failed = failed ?? ((error) => (this.fault = error));
  }

  async run(work: () => Promise<unknown>): Promise<void> {
    this.isBusy = true;
    this.fault = null;
    try {
      await work();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.isBusy = false;
    }
  }
}
