import { en, type Messages } from './messages/en';

export type Language = 'en' | 'ru';
export const LANGUAGES: Record<Language, string> = { en: 'English', ru: 'Русский' };

class Translation {
  language = $state<Language>('en');
  /** The messages of the language, by section. */
  t = $state.raw<Messages>(en);

  /** Speak the language that was chosen here, else the browser's if there is one of ours, else English. */
  async start(): Promise<void> {
    const wanted = [recall(), ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
    await this.speak(wanted.find((tag): tag is Language => tag === 'en' || tag === 'ru') ?? 'en');
  }

  /** Change the language, and remember it. */
  async choose(language: Language): Promise<void> {
    localStorage.setItem('language', language);
    await this.speak(language);
  }

  private async speak(language: Language): Promise<void> {
    this.t = language === 'ru' ? (await import('./messages/ru')).ru : en;
    this.language = language;
    document.documentElement.lang = language;
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem('language');
  } catch {
    return null;
  }
}

export const i18n = new Translation();
