import type { Schemas } from './client';
import { count, duration, percent } from './format';
import { i18n } from './i18n.svelte';
import { country, named } from './names';

/*
 * The platform's reasons in the reader's language: it gives codes with values beside its English sentence, which is
 * shown where a result of an earlier version lacks them.
 */
export type Ground = Schemas['Ground'];
export type FraudRule = Schemas['FraudRule'];
export type Model = Schemas['Model'];
type Considered = Schemas['ConsideredTouch'];

/** What a sentence about a touch names, in words. */
export interface Told {
  noun: string;
  source: string;
  claimedBy: string;
  event: string;
  span: string;
  window: string;
  match: string;
  winnerMatch: string;
  /** Whether it is matched by likeness and not by an identity. */
  isAlike: boolean;
  beforeInstall: string;
  app: string;
  conversionApp: string;
  heritage: { kind: string; source: string } | null;
}

/** The values that a rule rests on, in words; `isWhole` says whether all that were asked for are there. */
export class Values {
  isWhole = true;

  constructor(private readonly given: Record<string, unknown>) {}

  has(name: string): boolean {
    return name in this.given;
  }

  text(name: string): string {
    if (!this.has(name)) this.isWhole = false;
    return String(this.given[name] ?? '');
  }

  count(name: string): string {
    return count(Number(this.text(name)));
  }

  percent(name: string): string {
    return percent(Number(this.text(name)), 0);
  }

  /** A span of seconds, whichever way it goes. */
  time(name: string, seconds = 1): string {
    return duration(Math.abs(Number(this.text(name))) * seconds);
  }

  minutes(name: string): string {
    return this.time(name, 60);
  }

  hours(name: string): string {
    return this.time(name, 3_600);
  }

  days(name: string): string {
    return this.time(name, 86_400);
  }

  country(name: string): string {
    return country(this.text(name));
  }

  source(name: string): string {
    return named(this.text(name));
  }
}

/** Say why a considered touch of a conversion of this type won or lost; null where only the platform's words do. */
export function whyTouch({ touch, reason, because }: Considered, conversionType: string): string | null {
  if (!because) return null;
  if (because.ground === 'fraud') return whyFraud(reason.replace(/^fraud:/, ''), because.values);
  const t = i18n.t.reasons;
  const values = new Values(because.values);
  const word = t.grounds[because.ground];
  if (!word) return null;
  const isClick = touch.touch_type === 'click';
  const windowed = (time: string): string =>
    because.ground === 'duplicate' ? time : isClick ? t.windowOf.click(time) : t.windowOf.impression(time);
  const optional = <Text>(name: string, text: () => Text, none: Text): Text => (values.has(name) ? text() : none);
  return word({
    noun: isClick ? t.click : t.view,
    source: named(touch.media_source),
    claimedBy: touch.is_claimed ? named(touch.media_source) : '',
    event: t.events[conversionType] ?? t.event(conversionType),
    span: optional('span_seconds', () => values.time('span_seconds'), ''),
    window: optional('window_seconds', () => windowed(values.time('window_seconds')), ''),
    match: t.matches[touch.match_type] ?? touch.match_type,
    winnerMatch: optional('winner_match_type', () => t.matches[values.text('winner_match_type')] ?? '', ''),
    isAlike: touch.match_type === 'probabilistic',
    beforeInstall: optional('before_install_seconds', () => values.time('before_install_seconds'), ''),
    app: touch.app_id,
    conversionApp: optional('conversion_app_id', () => values.text('conversion_app_id'), ''),
    heritage: optional<Told['heritage']>('heritage_kind', () => heritage(values), null),
  });
}

function heritage(values: Values): Told['heritage'] {
  const kind = values.text('heritage_kind');
  return {
    kind: (i18n.t.attribution.kinds[kind] ?? kind).toLocaleLowerCase(i18n.language),
    source: values.source('heritage_media_source'),
  };
}

/** Say what a fraud rule found; null where only the platform's words do. */
export function whyFraud(rule: string, evidence: Record<string, unknown>): string | null {
  const { rules } = i18n.t.reasons;
  if (!(rule in rules)) return null;
  const values = new Values(evidence);
  const said = rules[rule as FraudRule](values);
  return values.isWhole ? said : null;
}
