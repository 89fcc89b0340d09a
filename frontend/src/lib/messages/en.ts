import { attribution } from './en/attribution';
import { figures } from './en/figures';
import { filters } from './en/filters';
import { overview } from './en/overview';
import { period } from './en/period';
import { shell } from './en/shell';
import { signIn } from './en/sign_in';

/** Every text of the site in English, a section a file. A page brings its own section, here and in every language. */
export const en = { shell, period, filters, figures, signIn, overview, attribution };

export type Messages = typeof en;
