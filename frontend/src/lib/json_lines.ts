/** A line of a JSON document written out, and the place (JSON Pointer, RFC 6901) of what it shows. */
export interface JsonLine {
  depth: number;
  pointer: string;
  /** The member's name with its quotes; empty for members of lists, and for what closes. */
  name: string;
  /** What stands after the name, without the comma. */
  text: string;
  kind: 'text' | 'number' | 'word' | 'bracket';
  comma: string;
}

/** Write a value out, a line for each member. */
export function jsonLines(value: unknown, depth = 0, pointer = '', name = '', comma = ''): JsonLine[] {
  const line = { depth, pointer, name, comma };
  if (value === null || typeof value !== 'object') {
    const kind = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'word';
    return [{ ...line, text: JSON.stringify(value) ?? 'null', kind }];
  }
  const isList = Array.isArray(value);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const members = Object.entries(value);
  if (!members.length) return [{ ...line, text: open + close, kind: 'bracket' }];
  const inner = members.flatMap(([key, member], index) =>
    jsonLines(
      member,
      depth + 1,
      `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      isList ? '' : JSON.stringify(key),
      index < members.length - 1 ? ',' : '',
    ),
  );
  return [
    { ...line, comma: '', text: open, kind: 'bracket' },
    ...inner,
    { ...line, name: '', text: close, kind: 'bracket', pointer: `${pointer}\n` },
  ];
}
