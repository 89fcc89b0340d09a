export interface SavedView {
  name: string;
  address: string;
}

const KEY = 'saved_views';

/** Addresses that the reader gave a name, kept in this browser. */
class SavedViews {
  list = $state.raw<SavedView[]>(recall());

  /** Keep an address under a name; the same name again replaces it. */
  save(view: SavedView): void {
    this.#keep([...this.list.filter(({ name }) => name !== view.name), view]);
  }

  remove(name: string): void {
    this.#keep(this.list.filter((view) => view.name !== name));
  }

  #keep(list: SavedView[]): void {
    this.list = list;
    localStorage.setItem(KEY, JSON.stringify(list));
  }
}

function recall(): SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept)
      ? kept.filter((view) => typeof view?.name === 'string' && typeof view.address === 'string')
      : [];
  } catch {
    return [];
  }
}

export const savedViews = new SavedViews();
