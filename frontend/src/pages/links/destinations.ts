/*
 * Where a link leads, as the platform decides it (docs/links.md): said here before the link is saved. What counts is
 * what the platform does; this only shows it.
 */
export const DEVICES = ['ios', 'android', 'web'] as const;
export type Device = (typeof DEVICES)[number];

export const DESTINATIONS = ['ios_store_url', 'android_store_url', 'web_url', 'deep_link_url', 'fallback_url'] as const;
export type Destination = (typeof DESTINATIONS)[number];

export const TOUCH_FIELDS = [
  'media_source',
  'channel',
  'campaign',
  'campaign_id',
  'adset',
  'adset_id',
  'ad',
  'ad_id',
  'keyword',
  'site_id',
  'sub1',
  'sub2',
  'sub3',
  'sub4',
  'sub5',
] as const;
export type TouchField = (typeof TOUCH_FIELDS)[number];

export const LINK_FIELDS = [
  'name',
  'app_id',
  ...TOUCH_FIELDS,
  'cost_value',
  'cost_model',
  'cost_currency',
  ...DESTINATIONS,
] as const;
export type LinkField = (typeof LINK_FIELDS)[number];
export type LinkTexts = Record<LinkField, string>;

const ORDER: Record<Device, Destination[]> = {
  ios: ['ios_store_url', 'deep_link_url', 'web_url', 'fallback_url', 'android_store_url'],
  android: ['android_store_url', 'deep_link_url', 'web_url', 'fallback_url', 'ios_store_url'],
  web: ['web_url', 'fallback_url', 'ios_store_url', 'android_store_url', 'deep_link_url'],
};
const REFERRER: [string, TouchField][] = [
  ['utm_source', 'media_source'],
  ['utm_medium', 'channel'],
  ['utm_campaign', 'campaign'],
  ['utm_content', 'ad'],
  ['utm_term', 'keyword'],
];
const ADDRESS = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#{}]*)(.*)$/;

/** A click id as the platform makes them, to show where it goes. */
export const CLICK_ID = '01JZ-CLICK-ID';

export interface Landing {
  place: Destination;
  url: string;
}

/** Where a device is sent, with every macro filled; null: the link leads nowhere yet. */
export function landing(fields: LinkTexts, linkId: string, device: Device): Landing | null {
  const place = ORDER[device].find((name) => fields[name].trim());
  if (!place) return null;
  const registered = fields[place].trim();
  const parts = ADDRESS.exec(registered);
  if (!parts) return { place, url: registered };
  const [, scheme, authority = '', rest = ''] = parts;
  const values: Record<string, string> = { ...fields, click_id: CLICK_ID, link_id: linkId };
  const filled = rest.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name]?.trim() ?? ''));
  const [beforeHash = '', ...hash] = filled.split('#');
  const [path = '', ...question] = beforeHash.split('?');
  const query = [question.join('?'), ...added(authority, question.join('?'), fields)].filter(Boolean).join('&');
  const end = hash.length ? `#${hash.join('#')}` : '';
  return { place, url: `${scheme}://${authority}${path}${query ? `?${query}` : ''}${end}` };
}

function added(authority: string, query: string, fields: LinkTexts): string[] {
  if (authority.toLowerCase() === 'play.google.com') {
    const utm = REFERRER.filter(([, field]) => fields[field].trim()).map(
      ([name, field]) => `${name}=${encodeURIComponent(fields[field].trim())}`,
    );
    return [`referrer=${encodeURIComponent([`click_id=${CLICK_ID}`, ...utm].join('&'))}`];
  }
  return new URLSearchParams(query).has('click_id') ? [] : [`click_id=${CLICK_ID}`];
}

/** What ad networks fill in where it stands in an address, by the platform's names. */
export const NETWORKS = {
  meta: {
    campaign: '{{campaign.name}}',
    campaign_id: '{{campaign.id}}',
    adset: '{{adset.name}}',
    adset_id: '{{adset.id}}',
    ad: '{{ad.name}}',
    ad_id: '{{ad.id}}',
    site_id: '{{placement}}',
  },
  google: {
    campaign_id: '{campaignid}',
    adset_id: '{adgroupid}',
    ad_id: '{creative}',
    keyword: '{keyword}',
    site_id: '{placement}',
    gclid: '{gclid}',
  },
  tiktok: {
    campaign: '__CAMPAIGN_NAME__',
    campaign_id: '__CAMPAIGN_ID__',
    adset: '__AID_NAME__',
    adset_id: '__AID__',
    ad: '__CID_NAME__',
    ad_id: '__CID__',
    ttclid: '__CLICKID__',
  },
} as const;
export type Network = keyof typeof NETWORKS | 'none';

/** An address of a link as it is given to a network. Macros stay as they are: encoded, no network would find them. */
export function forNetwork(url: string, network: Network): string {
  if (network === 'none') return url;
  const query = Object.entries(NETWORKS[network]).map(([name, macro]) => `${name}=${macro}`);
  return `${url}?${query.join('&')}`;
}

/** The texts of a form for a link; what it does not say is empty. */
export function textsOf(link: Partial<Record<LinkField, string | null>>): LinkTexts {
  return Object.fromEntries(LINK_FIELDS.map((name) => [name, link[name] ?? ''])) as LinkTexts;
}
