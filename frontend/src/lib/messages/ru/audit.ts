import type { Messages } from '../en';

export const audit: Messages['audit'] = {
  title: 'Журнал',
  hint: 'Каждое изменение: кто его сделал и откуда. Исправить журнал не может никто.',
  filter: 'Фильтр журнала',
  at: 'Когда',
  actor: 'Кто',
  actorPlaceholder: 'Почта или имя ключа',
  action: 'Что',
  subject: 'С чем',
  ip: 'Откуда',
  since: 'Первый день (UTC)',
  until: 'Последний день (UTC)',
  kinds: { user: 'Пользователь', key: 'Ключ', platform: 'Оператор', system: 'Платформа', nobody: 'Без входа' },
  none: 'Записей нет',
  noneHint: 'Запись появится с первым изменением.',
  noneFiltered: 'Под эти фильтры ничего не подходит.',
};
