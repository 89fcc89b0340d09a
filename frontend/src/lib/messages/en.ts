import { attribution } from './en/attribution';
import { figures } from './en/figures';
import { filters } from './en/filters';
import { overview } from './en/overview';
import { period } from './en/period';
import { cohorts } from './en/cohorts';
import { events } from './en/events';
import { fraud } from './en/fraud';
import { quality } from './en/quality';
import { rejected } from './en/rejected';
import { shell } from './en/shell';
import { signIn } from './en/sign_in';

/** Every text of the site in English, a section a file. A page brings its own section, here and in every language. */
export const en = {
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

export type Messages = typeof en;
