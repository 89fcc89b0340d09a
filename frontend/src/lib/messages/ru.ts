import type { Messages } from './en';
import { attribution } from './ru/attribution';
import { figures } from './ru/figures';
import { filters } from './ru/filters';
import { overview } from './ru/overview';
import { period } from './ru/period';
import { cohorts } from './ru/cohorts';
import { events } from './ru/events';
import { fraud } from './ru/fraud';
import { quality } from './ru/quality';
import { rejected } from './ru/rejected';
import { shell } from './ru/shell';
import { signIn } from './ru/sign_in';

export const ru: Messages = {
  shell,
  period,
  filters,
  figures,
  signIn,
  overview,
  attribution,
  cohorts,
  events,
  fraud,
  quality,
  rejected,
};
