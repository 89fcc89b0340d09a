import type { FraudRule, Ground, Model, Told, Values } from '../../reasons';

const before = ({ noun, claimedBy, span, event }: Told): string =>
  `${claimedBy ? `Claimed by ${claimedBy}: ` : ''}${noun} ${span} before the ${event}`;
const inside = (told: Told): string => `${before(told)}, inside the ${told.window} window`;
const wins = (told: Told, why: string): string => {
  const said = told.isAlike ? `matched by ${told.match} alone, but ${why}` : why;
  if (!told.heritage) return `${inside(told)}; ${said}, so it wins.`;
  const { kind, source } = told.heritage;
  return `${inside(told)}; ${said}, so it leads the journey; the ${told.event} itself belongs to the ${kind} (${source}).`;
};

const grounds: Record<Exclude<Ground, 'fraud'>, (told: Told) => string> = {
  only_touch: (told) => wins(told, 'the only touch that counts'),
  latest_view: (told) => wins(told, 'the latest view, and there is no click'),
  only_click: (told) => wins(told, 'the only click, which beats every view'),
  only_certain_click: (told) => wins(told, 'the only click that is matched for certain'),
  latest_click: (told) => wins(told, 'the latest click'),
  earlier: (told) => `${inside(told)}, but a later one wins.`,
  beaten_by_click: (told) => `${inside(told)}, but a click beats a view whatever their times.`,
  beaten_by_certainty: (told) =>
    `${inside(told)}, but matched only by ${told.match}: a click that is matched for certain wins.`,
  weaker_match: ({ noun, match, winnerMatch }) =>
    `${noun} at the same moment as the winner, which is matched by ${winnerMatch}: that is stronger than ${match}.`,
  received_later: ({ noun }) => `${noun} at the same moment as the winner, which was received first.`,
  later_id: ({ noun }) => `${noun} at the same moment as the winner, which comes first by its id.`,
  duplicate: ({ window, source }) =>
    `Another click of ${source} within ${window} stands for this one: together they count once.`,
  outside_window: (told) => `${before(told)}, outside the ${told.window} window.`,
  no_window: (told) => `${before(told)}, but what is matched by ${told.match} has no window, so it never counts.`,
  before_install: (told) =>
    `${before(told)}, but ${told.beforeInstall} before the app was installed the time before: it led up to that.`,
  after_conversion: ({ noun, span, event }) => `${noun} ${span} after the ${event}, so it cannot have led to it.`,
  other_app: ({ app, conversionApp, event }) => `It was for ${app}, but the ${event} is of ${conversionApp}.`,
  no_consent: (told) => `${before(told)}, but matched by ${told.match}, which may not be used without consent.`,
};

const rules: Record<FraudRule, (of: Values) => string> = {
  click_injection: (of) => `Clicked ${of.time('ctit_seconds')} after the install had begun, by the store’s clock.`,
  short_ctit: (of) =>
    `Clicked ${of.time('ctit_seconds')} before the install; nobody installs within ${of.time('ctit_seconds_min')} of a click.`,
  install_hijacking: (of) =>
    `Clicked ${of.time('ctit_seconds')} before the install, when a click of ${of.source('leader_media_source')} had led for ${of.hours('led_hours')}.`,
  impossible_travel: (of) =>
    `Clicked in ${of.country('click_country')}, ${of.count('distance_km')} km from ${of.country('install_country')}, ${of.hours('hours')} before: faster than ${of.count('km_per_hour_max')} km/h.`,
  geo_mismatch: (of) => `Clicked in ${of.country('click_country')}, converted in ${of.country('install_country')}.`,
  click_flooding: (of) =>
    of.has('late_share')
      ? `${of.percent('late_share')} of the site’s ${of.count('installs')} installs came more than ${of.time('late_ctit_seconds')} after the click, not when those of other sites do.`
      : `${of.count('clicks')} clicks of the site led to ${of.count('installs')} installs.`,
  duplicate_device: (of) =>
    `One advertising id installed this app ${of.count('installs')} times within ${of.days('days')}, not ${of.count('installs_max')}.`,
  device_farm: (of) =>
    `${of.count('devices')} new devices installed from ${of.text('ip')} within ${of.minutes('minutes')}.`,
  impossible_order: (of) => `It came ${of.time('before_install_seconds')} before the install of its device.`,
  impossible_version: (of) => `There is no ${of.text('platform')} ${of.text('os_version')}.`,
  version_backward: (of) =>
    of.has('os_version')
      ? `The device’s system is ${of.text('os_version')}; at an install before it was ${of.text('earlier_os_version')}.`
      : `The app is ${of.text('app_version')}; at an install before it was ${of.text('earlier_app_version')}.`,
  blocked_device: (of) => `The device ${of.text('value')} is on your list.`,
  blocked_ip: (of) => `The address ${of.text('value')} lies in ${of.text('entry')}, which is on your list.`,
  blocked_site: (of) => `The site ${of.text('value')} is on your list, as ${of.text('entry')}.`,
  blocked_user_agent: (of) => `The user agent contains ${of.text('entry')}, which is on your list.`,
  data_center: (of) =>
    `The address ${of.text('value')} lies in ${of.text('entry')}, a data centre’s: no telephone is there.`,
  declared_bot: () => 'The user agent says that it is a bot.',
  anomaly: (of) =>
    `Unlike nearly all other installs: it scores ${of.text('score')}, more than ${of.text('score_max')}.`,
};

const notes: Record<Model, string> = {
  first: 'The touch that began the journey made it end well.',
  last: 'Only the touch before the conversion counts.',
  last_non_direct: 'The last touch counts, unless the person came by themselves.',
  linear: 'Every touch counts the same.',
  time_decay: 'A touch counts half as much for each half-life that it is older.',
  position: 'First and last touch count 0.4 each; those between share 0.2.',
  w_shaped: 'First touch, lead and last touch count 0.3 each; the others share 0.1.',
  custom: 'First, middle and last touches count as you say.',
  markov: 'The next touch depends on the last ones alone, and without a channel whoever would meet it is lost.',
  shapley: 'Simplified game: a conversion is shared equally among the distinct channels of its journey.',
  shapley_ordered: 'Simplified game by position: which place among its journey’s channels earned what.',
  shapley_rate: 'Rate game: a set of channels is worth the conversion rate of journeys with exactly that set.',
  data_driven: 'A touch earned what a learned probability of converting loses without it.',
};

export const reasons = {
  click: 'Click',
  view: 'View',
  windowOf: { click: (time: string) => `${time} click`, impression: (time: string) => `${time} view` },
  events: {} as Record<string, string>,
  event: (type: string) => type.replaceAll('_', ' '),
  matches: {
    click_id: 'click id',
    advertising_id: 'advertising id',
    vendor_id: 'vendor id',
    user_id: 'user id',
    probabilistic: 'IP address and device',
  } as Record<string, string>,
  grounds,
  rules,
  notes,
};
