/** Forms of a word by number, as the language's plural rules name them. */
export interface Forms {
  one: string;
  few?: string;
  many?: string;
  other: string;
}

/** Choose the form of a word that goes with a number: `plural('ru', 2, {one, few, many, other})`. */
export function plural(language: string, count: number, forms: Forms): string {
  const rule = new Intl.PluralRules(language).select(count);
  return (rule in forms && forms[rule as keyof Forms]) || forms.other;
}
