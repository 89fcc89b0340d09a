import { plural } from '../../plural';
import type { Messages } from '../en';

export const overview: Messages['overview'] = {
  title: 'Обзор',
  trend: (figure) => `${figure} по дням`,
  sources: 'Лучшие источники',
  campaigns: 'Лучшие кампании',
  seeAll: 'Все',
  live: 'Прямой эфир',
  liveHint: 'События по мере записи, за последнюю минуту',
  liveEvents: (count, text) =>
    `${text} ${plural('ru', count, { one: 'событие', few: 'события', many: 'событий', other: 'события' })} за минуту`,
  liveQuiet: 'Тихо: за минуту ничего не пришло.',
  livePaused: 'Поток прервался и открывается снова.',
  quality: 'Качество данных',
  qualityGood: 'Всё, что пришло, учтено',
  qualityWaiting: (text) => `Ждут записи: ${text}`,
  qualityPending: (text) => `Конверсий ждут результата: ${text}`,
  qualityRejected: (text) => `Отклонено: ${text} от пришедшего`,
  qualityFailed: (text) => `Не удалось атрибутировать: ${text}`,
  qualityNone: 'За последние 24 часа ничего не пришло',
  qualityReceived: (text) => `Получено за 24 часа: ${text}`,
  freshness: (ago) => `Последнее событие ${ago}`,
  empty: 'За эти дни ничего не произошло',
  emptyHint: 'Выберите другие дни или уберите фильтр. Если пространство новое, отправьте первое событие.',
  emptyAction: 'Отправить первое событие',
};
