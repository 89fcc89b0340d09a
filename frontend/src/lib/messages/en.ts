import { account } from './en/account';
import { attribution } from './en/attribution';
import { audit } from './en/audit';
import { campaigns } from './en/campaigns';
import { costs } from './en/costs';
import { figures } from './en/figures';
import { filters } from './en/filters';
import { firstSteps } from './en/first_steps';
import { jobs } from './en/jobs';
import { keys } from './en/keys';
import { learned } from './en/learned';
import { links } from './en/links';
import { overview } from './en/overview';
import { period } from './en/period';
import { cohorts } from './en/cohorts';
import { events } from './en/events';
import { fraud } from './en/fraud';
import { quality } from './en/quality';
import { problems } from './en/problems';
import { reasons } from './en/reasons';
import { rejected } from './en/rejected';
import { policies } from './en/policies';
import { schemas } from './en/schemas';
import { setUp } from './en/set_up';
import { settings } from './en/settings';
import { shell } from './en/shell';
import { signIn } from './en/sign_in';
import { users } from './en/users';

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
  problems,
  reasons,
  rejected,
  account,
  audit,
  campaigns,
  costs,
  firstSteps,
  jobs,
  keys,
  learned,
  links,
  policies,
  schemas,
  settings,
  setUp,
  users,
};

export type Messages = typeof en;
