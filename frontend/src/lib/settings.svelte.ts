import { answer, api, type Schemas } from './client';

export type ReportSettings = Schemas['ReportSettings'];

/** The tenant's currency and time zone, by which reports are made; read once after signing in. */
class Settings {
  current = $state.raw<ReportSettings>({ currency: 'USD', time_zone: 'UTC' });

  async start(): Promise<void> {
    this.current = await answer(api.GET('/api/v1/settings'));
  }
}

export const settings = new Settings();
