import Activity from '@lucide/svelte/icons/activity';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import Waypoints from '@lucide/svelte/icons/waypoints';
import type { Component } from 'svelte';

import type { Messages } from './lib/messages/en';
import type { Role } from './lib/session.svelte';

/** A page of the site. `path` is what addresses begin with; what follows it is the page's own affair. */
export interface Page {
  path: string;
  label: keyof Messages['shell']['pages'];
  group: keyof Messages['shell']['groups'];
  icon: typeof Activity;
  load: () => Promise<{ default: Component }>;
  /** Who may open it; left out: everybody. */
  roles?: Role[];
  /** Whether it has a place in the bar at the foot of a telephone's screen, which has four. */
  isPinned?: boolean;
}

/** Every page, in the order of the navigation. A new page is one more entry, and a text in `shell.pages`. */
export const PAGES: Page[] = [
  {
    path: '/overview',
    label: 'overview',
    group: 'analyse',
    icon: LayoutDashboard,
    load: () => import('./pages/Overview.svelte'),
    isPinned: true,
  },
  {
    path: '/attribution',
    label: 'attribution',
    group: 'analyse',
    icon: Waypoints,
    load: () => import('./pages/Attribution.svelte'),
    isPinned: true,
  },
];

export const HOME = '/overview';

/** Find the page of an address. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find((page) => path === page.path || path.startsWith(`${page.path}/`));
}
