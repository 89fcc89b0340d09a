import './app.css';

import { mount } from 'svelte';

import App from './console/App.svelte';
import { operator } from './console/operator.svelte';
import { i18n } from './lib/i18n.svelte';
import { site } from './lib/site.svelte';

const target = document.getElementById('app') as HTMLElement;

async function start(): Promise<void> {
  site.name = 'UnMoGrowP';
  await Promise.all([i18n.start(), operator.start()]);
  mount(App, { target });
}

void start();
