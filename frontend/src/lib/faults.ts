import { ApiProblem } from './client';

/** What a refusal says of one field, named by its JSON Pointer. */
export function faultAt(error: unknown, pointer: string): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;
  return error.errors.find((each) => each.pointer === pointer)?.detail;
}

/** Leave out what was left empty: a field that says nothing is not sent. */
export function filled<Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value])
      .filter(([, value]) => value !== '' && value !== null && value !== undefined),
  ) as Partial<Fields>;
}
