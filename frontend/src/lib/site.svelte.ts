import { ApiProblem } from './client';
import { readableAccent } from './brand';

interface Brand {
  name?: string | null;
  accent?: string | null;
}

/** Whose site this is: what `/config.json` says. */
class Site {
  tenantId = $state('');
  name = $state('');
  brand = $state.raw<Brand>({});

  async start(): Promise<void> {
    const response = await fetch('/config.json').catch(() => null);
    if (!response?.ok) {
      throw new ApiProblem(response?.status ?? 0, (await response?.json().catch(() => ({}))) ?? {});
    }
    const config = (await response.json()) as { TENANT_ID: string; NAME: string; BRAND: Brand };
    this.tenantId = config.TENANT_ID;
    this.brand = config.BRAND;
    this.name = config.BRAND.name || config.NAME;
    document.title = this.name;
  }

  /** Put the tenant's accent colour on the page, as far as it can be read on the theme's ground. */
  paint(isDark: boolean): void {
    const root = document.documentElement.style;
    const accent = this.brand.accent && readableAccent(this.brand.accent, isDark);
    if (!accent) return;
    root.setProperty('--accent', accent.colour);
    root.setProperty('--on-accent', accent.text);
  }
}

export const site = new Site();
