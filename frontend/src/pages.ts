import Activity from '@lucide/svelte/icons/activity';
import BrainCircuit from '@lucide/svelte/icons/brain-circuit';
import Braces from '@lucide/svelte/icons/braces';
import CalendarRange from '@lucide/svelte/icons/calendar-range';
import CircleUser from '@lucide/svelte/icons/circle-user';
import Coins from '@lucide/svelte/icons/coins';
import HeartPulse from '@lucide/svelte/icons/heart-pulse';
import Inbox from '@lucide/svelte/icons/inbox';
import KeyRound from '@lucide/svelte/icons/key-round';
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard';
import Link from '@lucide/svelte/icons/link';
import Megaphone from '@lucide/svelte/icons/megaphone';
import Rocket from '@lucide/svelte/icons/rocket';
import Scale from '@lucide/svelte/icons/scale';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Settings from '@lucide/svelte/icons/settings';
import ShieldAlert from '@lucide/svelte/icons/shield-alert';
import Users from '@lucide/svelte/icons/users';
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
  {
    path: '/learning',
    label: 'learned',
    group: 'analyse',
    icon: BrainCircuit,
    load: () => import('./pages/Learning.svelte'),
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
  {
    path: '/first-steps',
    label: 'onboarding',
    group: 'setUp',
    icon: Rocket,
    load: () => import('./pages/FirstSteps.svelte'),
  },
  {
    path: '/links',
    label: 'links',
    group: 'setUp',
    icon: Link,
    load: () => import('./pages/Links.svelte'),
  },
  {
    path: '/campaigns',
    label: 'campaigns',
    group: 'setUp',
    icon: Megaphone,
    load: () => import('./pages/Campaigns.svelte'),
  },
  {
    path: '/costs',
    label: 'costs',
    group: 'setUp',
    icon: Coins,
    load: () => import('./pages/Costs.svelte'),
  },
  {
    path: '/schemas',
    label: 'schemas',
    group: 'setUp',
    icon: Braces,
    load: () => import('./pages/Schemas.svelte'),
  },
  {
    path: '/policies',
    label: 'policies',
    group: 'setUp',
    icon: Scale,
    load: () => import('./pages/Policies.svelte'),
  },
  {
    path: '/keys',
    label: 'keys',
    group: 'setUp',
    icon: KeyRound,
    load: () => import('./pages/Keys.svelte'),
    roles: ['owner'],
  },
  {
    path: '/users',
    label: 'users',
    group: 'setUp',
    icon: Users,
    load: () => import('./pages/Users.svelte'),
    roles: ['owner'],
  },
  {
    path: '/settings',
    label: 'settings',
    group: 'setUp',
    icon: Settings,
    load: () => import('./pages/Settings.svelte'),
  },
  {
    path: '/audit',
    label: 'audit',
    group: 'setUp',
    icon: ScrollText,
    load: () => import('./pages/Audit.svelte'),
    roles: ['owner'],
  },
  {
    path: '/account',
    label: 'account',
    group: 'setUp',
    icon: CircleUser,
    load: () => import('./pages/Account.svelte'),
  },
];

export const HOME = '/overview';

/** Find the page of an address. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find((page) => path === page.path || path.startsWith(`${page.path}/`));
}
