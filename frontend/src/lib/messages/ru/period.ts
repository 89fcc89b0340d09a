import type { Messages } from '../en';

export const period: Messages['period'] = {
  title: 'Период',
  presets: {
    today: 'Сегодня',
    yesterday: 'Вчера',
    last_7: 'Последние 7 дней',
    last_14: 'Последние 14 дней',
    last_30: 'Последние 30 дней',
    last_90: 'Последние 90 дней',
    this_month: 'Этот месяц',
    last_month: 'Прошлый месяц',
  },
  custom: 'Свой период',
  from: 'С',
  to: 'По',
  compare: 'Сравнить с предыдущим периодом',
  comparedWith: (days) => `в сравнении с ${days}`,
  zone: 'Часовой пояс',
  zoneOwn: (zone) => `Пространства (${zone})`,
  tooLong: 'В отчёте не больше 400 дней.',
  wrongOrder: 'Последний день раньше первого.',
};
