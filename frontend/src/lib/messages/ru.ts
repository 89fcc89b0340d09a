import type { Messages } from './en';
import { account } from './ru/account';
import { attribution } from './ru/attribution';
import { audit } from './ru/audit';
import { campaigns } from './ru/campaigns';
import { costs } from './ru/costs';
import { figures } from './ru/figures';
import { filters } from './ru/filters';
import { firstSteps } from './ru/first_steps';
import { jobs } from './ru/jobs';
import { keys } from './ru/keys';
import { learned } from './ru/learned';
import { links } from './ru/links';
import { overview } from './ru/overview';
import { period } from './ru/period';
import { cohorts } from './ru/cohorts';
import { events } from './ru/events';
import { fraud } from './ru/fraud';
import { quality } from './ru/quality';
import { problems } from './ru/problems';
import { reasons } from './ru/reasons';
import { rejected } from './ru/rejected';
import { policies } from './ru/policies';
import { schemas } from './ru/schemas';
import { setUp } from './ru/set_up';
import { settings } from './ru/settings';
import { shell } from './ru/shell';
import { signIn } from './ru/sign_in';
import { users } from './ru/users';

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
