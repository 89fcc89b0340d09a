import Activity from '@lucide/svelte/icons/activity';
import CalendarRange from '@lucide/svelte/icons/calendar-range';
import HeartPulse from '@lucide/svelte/icons/heart-pulse';
import Inbox from '@lucide/svelte/icons/inbox';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import ShieldAlert from '@lucide/svelte/icons/shield-alert';
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
  {
    path: '/cohorts',
    label: 'cohorts',
    group: 'analyse',
    icon: CalendarRange,
    load: () => import('./pages/Cohorts.svelte'),
  },
  { path: '/fraud', label: 'fraud', group: 'analyse', icon: ShieldAlert, load: () => import('./pages/Fraud.svelte') },
  {
    path: '/events',
    label: 'events',
    group: 'data',
    icon: Activity,
    load: () => import('./pages/Events.svelte'),
    isPinned: true,
  },
  {
    path: '/quality',
    label: 'quality',
    group: 'data',
    icon: HeartPulse,
    load: () => import('./pages/Quality.svelte'),
    isPinned: true,
  },
  {
    path: '/rejected',
    label: 'deadLetters',
    group: 'data',
    icon: Inbox,
    load: () => import('./pages/Rejected.svelte'),
  },
];

export const HOME = '/overview';

/** Find the page of an address. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find((page) => path === page.path || path.startsWith(`${page.path}/`));
}
