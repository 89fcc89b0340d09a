import { ApiProblem } from './client';
import { i18n } from './i18n.svelte';

/** A problem as the reader is told of it. */
export interface WordedProblem {
  /** In the reader's language. */
  said: string;
  /** What the platform adds in English where `said` is in another language. */
  english: string;
  remedy: string;
}

/** Codes of what nobody foresaw. */
const UNKNOWN = ['problem', 'unexpected'];

/** Word what went wrong: by the problem's code where the reader's language has words for it, else as it says itself. */
export function wordedProblem(error: unknown): WordedProblem {
  if (!(error instanceof ApiProblem)) {
    return { said: error instanceof Error ? error.message : String(error), english: '', remedy: '' };
  }
  const { problem } = i18n.t.shell;
  if (error.code === 'unreachable') return { said: problem.unreachable, english: '', remedy: problem.unreachableHint };
  if (UNKNOWN.includes(error.code)) return { said: problem.unexpected, english: '', remedy: problem.unexpectedHint };
  const [title, remedy] = i18n.t.problems[error.code] ?? [];
  if (!title) return { said: error.message, english: '', remedy: error.remedy };
  return { said: `${title}.`, english: error.message, remedy: remedy ?? '' };
}
