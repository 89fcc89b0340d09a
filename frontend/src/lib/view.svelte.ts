import { isDay, isPreset, length, moved, PRESET_DEFAULT, presetDays, today, type Days, type Preset } from './period';
import { address, merged, router } from './router.svelte';
import { settings } from './settings.svelte';

/** What all pages share of the address: it goes along from one page to the next. */
const SHARED = ['range', 'from', 'to', 'tz', 'compare', 'filter'] as const;

/** What the reader looks at: days, time zone, comparison, filter. All of it is in the address. */
class View {
  get preset(): Preset | null {
    const range = router.query.get('range');
    if (isPreset(range)) return range;
    return isDay(router.query.get('from')) ? null : PRESET_DEFAULT;
  }

  /** The time zone that was chosen; undefined: the tenant's. */
  get zoneChosen(): string | undefined {
    return router.query.get('tz') ?? undefined;
  }

  /** The time zone of the days. */
  get zone(): string {
    return this.zoneChosen ?? settings.current.time_zone;
  }

  get days(): Days {
    const now = today(this.zone);
    if (this.preset) return presetDays(this.preset, now);
    const from = router.query.get('from') as string;
    const to = router.query.get('to');
    return { from, to: isDay(to) && to >= from ? to : from };
  }

  /** The as many days before, which reports compare with. */
  get daysBefore(): Days {
    const { from, to } = this.days;
    const days = length({ from, to });
    return { from: moved(from, -days), to: moved(to, -days) };
  }

  get isCompared(): boolean {
    return router.query.get('compare') !== '0';
  }

  get filter(): string {
    return router.query.get('filter') ?? '';
  }

  /** The parameters that every report takes. */
  get parameters(): { from: string; to: string; tz: string; filter?: string } {
    return { ...this.days, tz: this.zone, ...(this.filter ? { filter: this.filter } : {}) };
  }

  choosePreset(range: Preset): void {
    router.set({ range: range === PRESET_DEFAULT ? null : range, from: null, to: null });
  }

  chooseDays({ from, to }: Days): void {
    router.set({ range: null, from, to });
  }

  /** The address of a page that shows the same days with the same filter. */
  link(path: string, changes: Record<string, string | null> = {}): string {
    const kept = new URLSearchParams();
    for (const name of SHARED) {
      const value = router.query.get(name);
      if (value !== null) kept.set(name, value);
    }
    return `#${address(path, merged(kept, changes))}`;
  }

  /** Go to a page that shows the same days with the same filter. */
  go(path: string, changes: Record<string, string | null> = {}): void {
    router.go(this.link(path, changes).slice(1));
  }
}

export const view = new View();
