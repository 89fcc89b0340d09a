import type { Told } from '../../reasons';
import type { Messages } from '../en';

const before = ({ noun, claimedBy, span, event }: Told): string =>
  `${claimedBy ? `Заявлено ${claimedBy}: ` : ''}${noun} за ${span} до ${event}`;
const inside = (told: Told): string => `${before(told)}, в пределах окна ${told.window}`;
const wins = (told: Told, why: string): string => {
  const said = told.isAlike ? `совпадение лишь по ${told.match}, но ${why}` : why;
  if (!told.heritage) return `${inside(told)}; ${said}, поэтому конверсия за ним.`;
  const { kind, source } = told.heritage;
  return `${inside(told)}; ${said}, поэтому оно ведёт путь; сама конверсия остаётся за прежней: ${kind} (${source}).`;
};

export const reasons: Messages['reasons'] = {
  click: 'Клик',
  view: 'Показ',
  windowOf: { click: (time) => `кликов (${time})`, impression: (time) => `показов (${time})` },
  events: {
    install: 'установки',
    reinstall: 'переустановки',
    purchase: 'покупки',
    session: 'сессии',
    ad_revenue: 'дохода от рекламы',
    in_app: 'события',
  },
  event: (type) => `события ${type}`,
  matches: {
    click_id: 'id клика',
    advertising_id: 'рекламному id',
    vendor_id: 'id вендора',
    user_id: 'id пользователя',
    probabilistic: 'IP-адресу и устройству',
  },
  grounds: {
    only_touch: (told) => wins(told, 'это единственное касание, которое считается'),
    latest_view: (told) => wins(told, 'это последний показ, а кликов не было'),
    only_click: (told) => wins(told, 'это единственный клик, а клик важнее любого показа'),
    only_certain_click: (told) => wins(told, 'это единственный клик с точным совпадением'),
    latest_click: (told) => wins(told, 'это последний клик'),
    earlier: (told) => `${inside(told)}, но было касание позже.`,
    beaten_by_click: (told) => `${inside(told)}, но клик важнее показа, когда бы они ни были.`,
    beaten_by_certainty: (told) =>
      `${inside(told)}, но совпадение лишь по ${told.match}: клик с точным совпадением важнее.`,
    weaker_match: ({ noun, match, winnerMatch }) =>
      `${noun} в тот же миг, что и выбранное касание, но то совпало по ${winnerMatch}: это надёжнее, чем по ${match}.`,
    received_later: ({ noun }) => `${noun} в тот же миг, что и выбранное касание, но то было получено раньше.`,
    later_id: ({ noun }) => `${noun} в тот же миг, что и выбранное касание, но у того id идёт раньше.`,
    duplicate: ({ window, source }) =>
      `Его представляет другой клик ${source} в пределах ${window}: вместе они считаются за один.`,
    outside_window: (told) => `${before(told)}, вне окна ${told.window}.`,
    no_window: (told) => `${before(told)}, но для совпадения по ${told.match} окна нет: оно не считается никогда.`,
    before_install: (told) =>
      `${before(told)}, но за ${told.beforeInstall} до прошлой установки приложения: оно вело к той установке.`,
    after_conversion: ({ noun, span, event }) => `${noun} через ${span} после ${event}: привести к ней не мог.`,
    other_app: ({ app, conversionApp }) => `Реклама приложения ${app}, а конверсия – в ${conversionApp}.`,
    no_consent: (told) => `${before(told)}, но совпадение по ${told.match}, которое нельзя использовать без согласия.`,
  },
  rules: {
    click_injection: (of) => `Клик через ${of.time('ctit_seconds')} после начала установки по часам магазина.`,
    short_ctit: (of) =>
      `Клик за ${of.time('ctit_seconds')} до установки; за ${of.time('ctit_seconds_min')} после клика не установит никто.`,
    install_hijacking: (of) =>
      `Клик за ${of.time('ctit_seconds')} до установки, когда клик ${of.source('leader_media_source')} лидировал уже ${of.hours('led_hours')}.`,
    impossible_travel: (of) =>
      `Страна клика – ${of.country('click_country')}, установки – ${of.country('install_country')}: ${of.count('distance_km')} км за ${of.hours('hours')}, быстрее ${of.count('km_per_hour_max')} км/ч.`,
    geo_mismatch: (of) =>
      `Страна клика – ${of.country('click_country')}, конверсии – ${of.country('install_country')}.`,
    click_flooding: (of) =>
      of.has('late_share')
        ? `${of.percent('late_share')} установок площадки (всего ${of.count('installs')}) – позже чем через ${of.time('late_ctit_seconds')} после клика: у других площадок не так.`
        : `Кликов площадки: ${of.count('clicks')}, установок: ${of.count('installs')}.`,
    duplicate_device: (of) =>
      `Один рекламный id: установок приложения за ${of.days('days')} – ${of.count('installs')} при пределе ${of.count('installs_max')}.`,
    device_farm: (of) =>
      `Новых устройств с адреса ${of.text('ip')} за ${of.minutes('minutes')}: ${of.count('devices')}.`,
    impossible_order: (of) => `На ${of.time('before_install_seconds')} раньше установки на этом устройстве.`,
    impossible_version: (of) => `Версии ${of.text('platform')} ${of.text('os_version')} не существует.`,
    version_backward: (of) =>
      of.has('os_version')
        ? `Версия системы – ${of.text('os_version')}, а при прежней установке была ${of.text('earlier_os_version')}.`
        : `Версия приложения – ${of.text('app_version')}, а при прежней установке была ${of.text('earlier_app_version')}.`,
    blocked_device: (of) => `Устройство ${of.text('value')} – в вашем списке.`,
    blocked_ip: (of) => `Адрес ${of.text('value')} входит в ${of.text('entry')} из вашего списка.`,
    blocked_site: (of) => `Площадка ${of.text('value')} – в вашем списке как ${of.text('entry')}.`,
    blocked_user_agent: (of) => `User agent содержит ${of.text('entry')} из вашего списка.`,
    data_center: (of) =>
      `Адрес ${of.text('value')} входит в сеть дата-центра ${of.text('entry')}: телефонов там не бывает.`,
    declared_bot: () => 'User agent сам называет себя ботом.',
    anomaly: (of) =>
      `Не похожа почти на все другие установки: оценка ${of.text('score')}, больше ${of.text('score_max')}.`,
  },
  notes: {
    first: 'Успех пути обеспечило касание, которым он начался.',
    last: 'Считается только касание перед конверсией.',
    last_non_direct: 'Считается последнее касание, если человек не пришёл сам.',
    linear: 'Все касания считаются одинаково.',
    time_decay: 'За каждый период полураспада вес касания убывает вдвое.',
    position: 'Первое и последнее касание – по 0,4; остальные делят 0,2.',
    w_shaped: 'Первое касание, лид и последнее – по 0,3; остальные делят 0,1.',
    custom: 'Первое, средние и последнее касания считаются с вашими весами.',
    markov: 'Следующее касание зависит только от последних, а без канала потерян каждый, кто бы его встретил.',
    shapley: 'Упрощённая игра: конверсия делится поровну между разными каналами её пути.',
    shapley_ordered: 'Упрощённая игра с местами: что заработало каждое место среди каналов пути.',
    shapley_rate: 'Игра на долях: набор каналов стоит столько, какова доля конверсий у путей ровно с этим набором.',
    data_driven: 'Касание заработало столько, на сколько без него падает выученная вероятность конверсии.',
  },
};
