import { plural } from '../../plural';

export const overview = {
  title: 'Overview',
  trend: (figure: string) => `${figure} by day`,
  sources: 'Top media sources',
  campaigns: 'Top campaigns',
  seeAll: 'See all',
  live: 'Live',
  liveHint: 'Events as they are stored, in the last minute',
  liveEvents: (count: number, text: string) =>
    `${text} ${plural('en', count, { one: 'event', other: 'events' })} in the last minute`,
  liveQuiet: 'Quiet: nothing arrived in the last minute.',
  livePaused: 'The stream broke off; it is being opened again.',
  quality: 'Data quality',
  qualityGood: 'Everything that came is accounted for',
  qualityWaiting: (text: string) => `${text} events wait to be stored`,
  qualityPending: (text: string) => `${text} conversions wait for their result`,
  qualityRejected: (text: string) => `${text} of what came was rejected`,
  qualityFailed: (text: string) => `${text} conversions could not be attributed`,
  qualityNone: 'Nothing came in the last 24 hours',
  qualityReceived: (text: string) => `${text} events received in 24 hours`,
  freshness: (ago: string) => `Last event ${ago}`,
  empty: 'Nothing happened in these days',
  emptyHint: 'Choose other days, or take a filter away. If this workspace is new, send a first event.',
  emptyAction: 'Send a first event',
};
