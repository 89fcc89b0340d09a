/** Titles and remedies of the platform's problems by their code: in English the platform says them itself. */
export const problems = {} as Record<string, [title: string, remedy: string]>;
