/**
 * Where the reader is: `#/path?query`. All that a page shows follows from it, so that an address can be kept, sent to
 * others, and gone back to.
 */
export type Query = Record<string, string | null | undefined>;

class Router {
  path = $state('/');
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    addEventListener('hashchange', () => this.#read());
  }

  /** The full address of now, as `go` takes it. */
  get here(): string {
    return address(this.path, this.query);
  }

  /** The parts of the path: `/links/edit/spring` has three. */
  get parts(): string[] {
    return this.path.split('/').filter(Boolean).map(decodeURIComponent);
  }

  /** Go to an address such as `/overview?from=2026-11-01`. */
  go(target: string): void {
    location.hash = target;
  }

  /** Change some of the query where the reader is; null takes a parameter away. `push` makes a step to go back to. */
  set(changes: Query, { push = true } = {}): void {
    const target = `#${address(this.path, merged(this.query, changes))}`;
    if (push) history.pushState(null, '', target);
    else history.replaceState(null, '', target);
    this.#read();
  }

  #read(): void {
    const [path = '', query = ''] = location.hash.slice(1).split(/\?(.*)/s);
    this.path = path || '/';
    this.query = new URLSearchParams(query);
  }
}

/** Give the parameters with some of them changed. */
export function merged(query: URLSearchParams, changes: Query): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** Write a path and its query as one address. */
export function address(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const router = new Router();
