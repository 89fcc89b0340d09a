import './app.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { i18n } from './lib/i18n.svelte';
import { router } from './lib/router.svelte';
import { session } from './lib/session.svelte';
import { site } from './lib/site.svelte';
import { pageAt } from './pages';

const target = document.getElementById('app') as HTMLElement;

/** All that the first paint needs is asked for at once; nothing is shown that would then change. */
async function start(): Promise<void> {
  // The page's code comes along while it is found out who is there.
  pageAt(router.path)
    ?.load()
    .catch(() => undefined);
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

const RELOADED = 'reloaded_at';
const RELOAD_REST_MS = 10_000;

// A part of the page that is no longer there: the site was built anew since this page was loaded, so it is loaded again.
addEventListener('vite:preloadError', (event) => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < RELOAD_REST_MS) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
});

void start();
