import type { Messages } from '../en';

export const users: Messages['users'] = {
  title: 'Пользователи',
  hint: 'Кто может входить и что ему можно.',
  invite: 'Пригласить',
  inviteSubmit: 'Пригласить',
  inviteAgain: 'Пригласить ещё раз',
  email: 'Эл. почта',
  role: 'Роль',
  roleHints: {
    owner: 'Всё: пользователи, ключи, настройки, политики.',
    analyst: 'Читает, создаёт ссылки, кампании и расходы, готовит политики.',
    viewer: 'Читает.',
  },
  you: 'вы',
  state: 'Состояние',
  states: { invited: 'Приглашён', active: 'Активен' },
  lastLogin: 'Последний вход',
  changed: (email, role) => `${email} теперь: ${role}`,
  removed: (email) => `${email} удаляется`,
  reset: 'Дать ссылку на новый пароль',
  resetTitle: 'Ссылка на новый пароль',
  resetHint: (email) =>
    `Передайте эту ссылку: ${email}. Она сработает один раз и показана только сейчас. До этого действует старый пароль.`,
  invitedTitle: 'Приглашение',
  invitedHint: (email) =>
    `Почтового сервера нет, передайте ссылку сами: ${email}. Она сработает один раз и показана только сейчас.`,
  mailed: (email) => `Ссылка отправлена: ${email}`,
};
