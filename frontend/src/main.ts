import './app.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { i18n } from './lib/i18n.svelte';
import { session } from './lib/session.svelte';
import { site } from './lib/site.svelte';

const target = document.getElementById('app') as HTMLElement;

/** All that the first paint needs is asked for at once; nothing is shown that would then change. */
async function start(): Promise<void> {
  const [, ready] = await Promise.all([
    i18n.start(),
    site.start().then(
      () => null,
      (error: unknown) => error,
    ),
    session.start(),
  ]);
  mount(App, { target, props: { fault: ready } });
}

void start();
