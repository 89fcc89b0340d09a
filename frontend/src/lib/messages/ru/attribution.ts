import type { Messages } from '../en';

export const attribution: Messages['attribution'] = {
  title: 'Атрибуция',
};
