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

/** Choose about `wanted` of `length` places, evenly spread, the last one always among them. */
export function spread(length: number, wanted: number): number[] {
  const step = Math.max(1, Math.ceil(length / Math.max(1, wanted)));
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => length - 1 - index * step).reverse();
}
