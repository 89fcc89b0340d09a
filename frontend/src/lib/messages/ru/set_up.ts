import type { Messages } from '../en';

export const setUp: Messages['setUp'] = {
  actions: 'Действия',
  edit: 'Изменить',
  created: 'Создано',
  by: 'Кто',
  saved: 'Сохранено',
  notSaved: 'Не сохранено',
  notDone: 'Не выполнено',
  never: 'Никогда',
  optional: 'необязательно',
  readOnly: 'Ваша роль позволяет смотреть, но не менять.',
  details: 'Подробности',
  done: 'Готово',
};
