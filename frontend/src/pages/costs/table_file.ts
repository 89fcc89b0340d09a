import { dsvFormat } from 'd3-dsv';

/** The beginning of a file of lines, as the platform will read it: columns, and some rows to see what they hold. */
export interface TableFile {
  file: File;
  columns: string[];
  rows: string[][];
}

const HEAD_BYTES = 64 * 1024;
const ROWS_SHOWN = 3;

/** Read a file's header and first rows. */
export async function readTable(file: File): Promise<TableFile> {
  const text = (await file.slice(0, HEAD_BYTES).text()).replace(/^\uFEFF/, '');
  const head = text.split('\n', 1)[0] ?? '';
  const count = (mark: string): number => head.split(mark).length - 1;
  const rows = dsvFormat(count(';') > count(',') ? ';' : ',').parseRows(text);
  const [columns = [], ...others] = rows;
  return { file, columns: columns.map((name) => name.trim()), rows: others.slice(0, ROWS_SHOWN) };
}

/** Other names under which files of networks have the fields. */
const ALIASES: Record<string, RegExp> = {
  date: /^(date|day|дата|день|reporting.?(starts|date)|time.?period)$/i,
  media_source: /^(media.?source|source|network|partner|источник|сеть|platform|publisher)$/i,
  campaign: /^(campaign([ _]?name)?|кампания)$/i,
  adset: /^(ad.?set([ _]?name)?|ad.?group([ _]?name)?|группа.*)$/i,
  app_id: /^(app([ _]?id)?|bundle.*|приложение)$/i,
  country: /^(country([ _]?code)?|geo|страна)$/i,
  cost: /^(cost|spend|spent|amount.?spent.*|amount|расход|стоимость|затраты)$/i,
  currency: /^(currency([ _]?code)?|валюта)$/i,
  rate: /^(rate|exchange.?rate|курс)$/i,
};

/** Guess which column is which field; each field once. */
export function guess(columns: string[], fields: readonly string[]): Record<string, string> {
  const found: Record<string, string> = Object.fromEntries(columns.map((column) => [column, '']));
  for (const field of fields) {
    const free = columns.filter((column) => !found[column]);
    const column = free.find((name) => name === field) ?? free.find((name) => ALIASES[field]?.test(name));
    if (column !== undefined) found[column] = field;
  }
  return found;
}
