import type { Schemas } from '../../lib/client';
import type { Report } from './report';

type Site = Schemas['SiteCtit'];

/** A source, or a site of it: what can be compared with the rest. */
export interface Compared {
  key: string;
  media_source: string;
  /** Empty: the source as a whole. */
  site_id: string;
  installs: number;
  late: number;
  isFlooding: boolean;
  counts: number[];
  /** Installs that it is compared with. */
  beside: number[];
}

/** Every source, compared with all together, and every site, with its neighbours; what floods first. */
export function compared(found: Report): Compared[] {
  const whole = summed(found.ctit.map(({ histogram }) => histogram));
  const sources = [...new Set(found.ctit.map(({ media_source }) => media_source))].map((media_source) => {
    const sites = found.ctit.filter((site) => site.media_source === media_source);
    return {
      key: media_source,
      media_source,
      site_id: '',
      installs: total(sites.map(({ installs }) => installs)),
      late: late(sites),
      isFlooding: sites.some((site) => site.is_flooding),
      counts: summed(sites.map(({ histogram }) => histogram)),
      beside: whole,
    };
  });
  const sites = found.ctit
    .filter(({ site_id }) => site_id)
    .map((site) => ({
      key: `${site.media_source}/${site.site_id}/${site.app_id}`,
      media_source: site.media_source,
      site_id: site.site_id,
      installs: site.installs,
      late: site.late_share,
      isFlooding: site.is_flooding,
      counts: site.histogram,
      beside: site.baseline,
    }));
  return [...sources, ...sites].sort(
    (one, other) => Number(other.isFlooding) - Number(one.isFlooding) || other.installs - one.installs,
  );
}

/** The part of a whole that each bucket is; null where there is no whole. */
export function shares(counts: readonly number[]): (number | null)[] {
  const whole = total(counts);
  return counts.map((count) => (whole ? count / whole : null));
}

/** The buckets from the first to the last that is not empty in any of these. */
export function filledRange(lists: readonly number[][]): [number, number] {
  const sums = summed(lists);
  const first = sums.findIndex((sum) => sum > 0);
  return first < 0 ? [0, sums.length] : [first, sums.findLastIndex((sum) => sum > 0) + 1];
}

function summed(lists: readonly (readonly number[])[]): number[] {
  return (lists[0] ?? []).map((_, index) => total(lists.map((list) => list[index] ?? 0)));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function late(sites: readonly Site[]): number {
  const installs = total(sites.map((site) => site.installs));
  return installs ? total(sites.map((site) => site.late_share * site.installs)) / installs : 0;
}
