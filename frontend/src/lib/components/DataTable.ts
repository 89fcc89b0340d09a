import type { Snippet } from 'svelte';

export type CellValue = string | number | null | undefined;

/** A column of a `DataTable`. */
export interface Column<Row> {
  /** Names the column in the address when the table is sorted by it. */
  key: string;
  label: string;
  /** What the column is, said when the label is pointed at. */
  hint?: string;
  /** By this the rows are sorted; left out: by this column they are not. Null comes last. */
  value?: (row: Row) => CellValue;
  /** The text of a cell; left out: the value as it is. */
  text?: (row: Row) => string;
  /** What stands under the text, smaller. */
  detail?: (row: Row) => string;
  /** More than text. */
  cell?: Snippet<[Row]>;
  /** Whether a row has nothing to say here: on a narrow screen the line is left out. */
  isEmpty?: (row: Row) => boolean;
  /** Whether cells hold sentences: on a narrow screen they stand under the label, and not beside it. */
  isLong?: boolean;
  /** Numbers stand to the right. */
  isNumber?: boolean;
  /** The heading of a row's card on a narrow screen: one column, as a rule the first. */
  isTitle?: boolean;
}

/** Sort rows by a column; equal ones stay as they were. */
export function sorted<Row>(
  rows: readonly Row[],
  column: Column<Row> | undefined,
  isDescending: boolean,
): readonly Row[] {
  const value = column?.value;
  if (!value) return rows;
  const sign = isDescending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === b) return 0;
    if (a === null || a === undefined) return 1;
    if (b === null || b === undefined) return -1;
    return sign * (typeof a === 'string' ? a.localeCompare(String(b)) : a - Number(b));
  });
}
