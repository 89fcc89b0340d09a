export type Theme = 'system' | 'light' | 'dark';

/** Light, dark, or what the system is. `theme.js` has set a chosen one before anything was painted. */
class ThemeChoice {
  choice = $state<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? 'system');
  #prefersDark = $state(false);

  constructor() {
    const preference = matchMedia('(prefers-color-scheme: dark)');
    this.#prefersDark = preference.matches;
    preference.addEventListener('change', () => (this.#prefersDark = preference.matches));
  }

  get isDark(): boolean {
    return this.choice === 'dark' || (this.choice === 'system' && this.#prefersDark);
  }

  choose(theme: Theme): void {
    this.choice = theme;
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem('theme');
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem('theme', theme);
    }
  }
}

export const theme = new ThemeChoice();
