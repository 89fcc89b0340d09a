/** A condition of a report's `filter`, in the API's own notation: `media_source=google_ads,meta_ads`. */
export interface Condition {
  dimension: string;
  operator: '=' | '!=' | '~' | '!~';
  values: string[];
}

export const DIMENSIONS = [
  'media_source',
  'channel',
  'campaign',
  'adset',
  'ad',
  'site_id',
  'country',
  'platform',
  'app_id',
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Read a filter; what cannot be read is left out, since the API says itself what is wrong with an address. */
export function parseFilter(text: string): Condition[] {
  return split(text, ';').flatMap((part) => {
    const found = /^([a-z_]+)(!=|!~|=|~)(.*)$/s.exec(part.trim());
    if (!found) return [];
    const [, dimension = '', operator, values = ''] = found;
    return [{ dimension, operator: operator as Condition['operator'], values: split(values, ',').map(unescaped) }];
  });
}

/** Write conditions as the API takes them. */
export function writeFilter(conditions: Condition[]): string {
  return conditions
    .filter(({ values }) => values.length)
    .map(({ dimension, operator, values }) => `${dimension}${operator}${values.map(escaped).join(',')}`)
    .join(';');
}

/** Keep the conditions on these dimensions: a report that knows no other refuses them. */
export function onlyOn(text: string, dimensions: readonly string[]): string {
  return writeFilter(parseFilter(text).filter(({ dimension }) => dimensions.includes(dimension)));
}

/** Set the condition on a dimension, or take it away if there are no values. */
export function withCondition(text: string, condition: Condition): string {
  const others = parseFilter(text).filter(({ dimension }) => dimension !== condition.dimension);
  return writeFilter([...others, condition]);
}

/** Split a text where a separator stands without a backslash before it; the backslashes stay. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  let isEscaped = false;
  for (const character of text) {
    if (character === separator && !isEscaped) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
    isEscaped = character === '\\' && !isEscaped;
  }
  return [...parts, part];
}

function escaped(value: string): string {
  return value.replace(/[\\,;]/g, '\\$&');
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/gs, '$1');
}

/** By what a page can be filtered. */
export interface Filterable {
  dimensions: readonly Dimension[];
  /** Whether it takes one value of a field at a time, and nothing but that. */
  isExact?: boolean;
}

/** Tell whether a condition counts on a page. */
export function counts({ dimension, operator, values }: Condition, { dimensions, isExact }: Filterable): boolean {
  if (!dimensions.includes(dimension as Dimension)) return false;
  return !isExact || (operator === '=' && values.length === 1);
}
