import { onlyOn } from '../../lib/filters';
import { router } from '../../lib/router.svelte';
import { view } from '../../lib/view.svelte';

export const TYPES = ['install', 'reinstall', 'purchase'] as const;
export const BREAKDOWNS = ['media_source', 'channel', 'campaign', 'media_source,campaign'] as const;
export const MEASURES = ['conversions', 'value'] as const;
/** By a channel a filter would cut journeys into pieces: the API takes these alone. */
const FILTERED = ['app_id', 'country', 'platform'];

/** Which journeys are asked for: in the address, shared by models and journeys. */
class Question {
  get type(): (typeof TYPES)[number] {
    return TYPES.find((each) => each === router.query.get('type')) ?? 'install';
  }

  get breakdown(): (typeof BREAKDOWNS)[number] {
    return BREAKDOWNS.find((each) => each === router.query.get('breakdown')) ?? 'media_source';
  }

  get measure(): (typeof MEASURES)[number] {
    return MEASURES.find((each) => each === router.query.get('measure')) ?? 'conversions';
  }

  get parameters() {
    return {
      ...view.days,
      tz: view.zone,
      filter: onlyOn(view.filter, FILTERED) || undefined,
      breakdown: this.breakdown,
      conversion_type: this.type,
    };
  }
}

export const question = new Question();
