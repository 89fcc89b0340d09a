import type { Messages } from './en';
import { attribution } from './ru/attribution';
import { figures } from './ru/figures';
import { filters } from './ru/filters';
import { overview } from './ru/overview';
import { period } from './ru/period';
import { shell } from './ru/shell';
import { signIn } from './ru/sign_in';

export const ru: Messages = { shell, period, filters, figures, signIn, overview, attribution };
