import type { Schemas } from './client';
import { count, DASH, money, percent, short } from './format';

export type Figures = Schemas['Figures'];
export type FigureName = keyof Figures;
type Row = Partial<Record<FigureName, string | number | null>>;

type Kind = 'count' | 'money' | 'percent';
interface Figure {
  kind: Kind;
  /** What growth of it means. */
  meaning: 'good' | 'bad' | 'none';
}

const RATIOS: FigureName[] = ['ctr', 'cvr', 'roas'];
const AMOUNTS: FigureName[] = ['revenue', 'organic_revenue', 'cost', 'ecpm', 'cpi', 'cpa', 'arpu'];
const NEUTRAL: FigureName[] = ['cost', 'impressions'];
const UNWELCOME: FigureName[] = ['cpi', 'cpa', 'ecpm', 'rejected'];

/** What a figure is, by its name in the API. */
export function figure(name: FigureName): Figure {
  return {
    kind: RATIOS.includes(name) ? 'percent' : AMOUNTS.includes(name) ? 'money' : 'count',
    meaning: NEUTRAL.includes(name) ? 'none' : UNWELCOME.includes(name) ? 'bad' : 'good',
  };
}

/** A row's figure as a number; null where it is not known. Amounts lose what no chart can show. */
export function numeric(row: Row | undefined, name: FigureName): number | null {
  const value = row?.[name];
  return value === null || value === undefined ? null : Number(value);
}

/** A figure as text. */
export function shown(name: FigureName, value: string | number | null | undefined, currency: string): string {
  if (value === null || value === undefined) return DASH;
  const { kind } = figure(name);
  if (kind === 'money') return money(value, currency);
  return kind === 'percent' ? percent(Number(value)) : count(Number(value));
}

/** The same in few characters, for axes. */
export function shownShort(name: FigureName, value: number, currency: string): string {
  const { kind } = figure(name);
  if (kind === 'money') return money(value, currency, { isShort: true });
  return kind === 'percent' ? percent(value, value < 0.1 ? 1 : 0) : short(value);
}
