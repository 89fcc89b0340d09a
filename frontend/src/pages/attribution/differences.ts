import type { Schemas } from '../../lib/client';

type Row = Schemas['ChannelRow'];
type Model = Row['model'];

/** What the disagreement of two models tells of a channel. */
export type Role = 'begins' | 'ends' | 'supports' | 'replaceable' | null;

export interface Difference {
  channel: string;
  low: number;
  lowest: Model;
  high: number;
  highest: Model;
  role: Role;
}

const APART_MIN = 0.02;
const ROLE_RATIO = 1.25;
const CHANNELS_MAX = 6;

/** Say of each channel how far some models are apart on it, most apart first; what is less than two points says nothing. */
export function differences(rows: Row[], models: Model[]): Difference[] {
  const channels = [...new Set(rows.map(({ channel }) => channel))];
  return channels
    .map((channel) => difference(channel, rows, models))
    .filter((each): each is Difference => each !== null && each.high - each.low >= APART_MIN)
    .sort((one, other) => other.high - other.low - (one.high - one.low))
    .slice(0, CHANNELS_MAX);
}

function difference(channel: string, rows: Row[], models: Model[]): Difference | null {
  const share = (model: Model): number =>
    rows.find((row) => row.channel === channel && row.model === model)?.share ?? 0;
  const ranked = [...models].sort((one, other) => share(one) - share(other));
  const [lowest, highest] = [ranked[0], ranked.at(-1)];
  if (!lowest || !highest || lowest === highest) return null;
  const role = models.includes('last') ? roleOf(share, models) : null;
  return { channel, lowest, low: share(lowest), highest, high: share(highest), role };
}

function roleOf(share: (model: Model) => number, models: Model[]): Role {
  const last = share('last');
  if (models.includes('first')) {
    if (share('first') > last * ROLE_RATIO) return 'begins';
    if (last > share('first') * ROLE_RATIO) return 'ends';
  }
  if (models.includes('markov') && last > 0) {
    if (share('markov') > last * ROLE_RATIO) return 'supports';
    if (last > share('markov') * ROLE_RATIO) return 'replaceable';
  }
  return null;
}
