import type { Messages } from '../en';

export const filters: Messages['filters'] = {
  title: 'Фильтр',
  add: 'Фильтр',
  change: 'Изменить фильтр',
  clear: 'Сбросить все',
  remove: (what) => `Убрать фильтр ${what}`,
  dimension: 'Поле',
  operator: 'Условие',
  values: 'Значения',
  search: 'Найти или ввести значение',
  addValue: (value) => `Взять «${value}»`,
  none: 'За эти дни значений нет.',
  operators: { '=': 'равно', '!=': 'не равно', '~': 'содержит', '!~': 'не содержит' },
  or: 'или',
  ignored: (dimensions) => `Зачёркнутое здесь не действует: эта страница отбирает по полям ${dimensions}.`,
  dimensions: {
    media_source: 'Источник',
    channel: 'Канал',
    campaign: 'Кампания',
    adset: 'Группа объявлений',
    ad: 'Объявление',
    site_id: 'Площадка',
    country: 'Страна',
    platform: 'Платформа',
    app_id: 'Приложение',
  },
};
