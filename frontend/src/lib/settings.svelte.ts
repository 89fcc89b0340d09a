import { answer, api, type Schemas } from './client';

export type ReportSettings = Schemas['ReportSettings'];

/** The tenant's currency and time zone, by which reports are made; read once after signing in. */
class Settings {
  current = $state.raw<ReportSettings>({
    currency: 'USD',
    time_zone: 'UTC',
    allowed_origins: [],
    contributes_to_global_model: true,
  });

  /** Read them; without an answer those of the defaults stay, and each report says its own currency. */
  async start(): Promise<void> {
    this.current = await answer(api.GET('/api/v1/settings')).catch(() => this.current);
  }
}

export const settings = new Settings();
