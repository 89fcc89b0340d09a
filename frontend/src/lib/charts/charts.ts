/** A line of a chart: a value for each place on the x axis, null where nothing is known. */
export interface Series {
  key: string;
  label: string;
  values: (number | null)[];
  colour: string;
  /** What it is compared with: dashed, and behind the others. */
  isPast?: boolean;
  /** Whether the last value is not complete: what leads to it is dashed. */
  isOpen?: boolean;
}

/** Colours that are told apart in both themes, by everybody; the thirteenth is the first again. */
export const COLOURS = Array.from({ length: 12 }, (_, index) => `var(--chart-${index + 1})`);

export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

/** How wide a character of an axis is, about. */
export const CHAR_PX = 7;
const LABEL_GAP_PX = 28;
const AXIS_GAP_PX = 14;

const longest = (texts: string[]): number => CHAR_PX * Math.max(...texts.map((text) => text.length));

/** Room beside the y axis for its figures, in px. */
export function roomFor(figures: string[]): number {
  return AXIS_GAP_PX + longest(figures);
}

/** Choose the places whose labels fit into so many px. */
export function fitting(places: { short: string }[], px: number): number[] {
  return spread(places.length, px / (LABEL_GAP_PX + longest(places.map(({ short }) => short))));
}

/** Say to which place of the x axis, up to `last`, a key leads from one; undefined: it leads nowhere. */
export function walked(key: string, at: number, last: number): number | undefined {
  const targets: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    Home: 0,
    End: last,
  };
  const target = targets[key];
  return target === undefined ? undefined : Math.max(0, Math.min(last, target));
}

/** Choose about `wanted` of `length` places, evenly spread, the last one always among them. */
export function spread(length: number, wanted: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, wanted)));
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => length - 1 - index * step).reverse();
}
