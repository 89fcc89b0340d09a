import type { Messages } from '../en';

export const jobs: Messages['jobs'] = {
  title: 'Задание',
  kinds: {
    provision: 'Создание клиента',
    delete: 'Удаление клиента',
    import: 'Импорт',
    recompute: 'Пересчёт',
    'fraud-review': 'Проверка на фрод',
    retrain: 'Обучение',
    lake_export: 'Выгрузка в озеро данных',
  },
  states: { queued: 'В очереди', running: 'Идёт', done: 'Готово', failed: 'Не удалось' },
  progress: 'Ход',
  step: (done, total) => `Шаг ${done} из ${total}`,
  started: 'Начато',
  finished: 'Закончено',
  logs: 'Журнал',
  noLogs: 'Оно пока ничего не сказало.',
  error: 'Что пошло не так',
  verdict: 'Что решено о модели',
};
