/** Words for work that outlives requests: shared by tenants' sites and the console. */
export const jobs = {
  title: 'Job',
  kinds: {
    provision: 'Make a tenant',
    delete: 'Delete a tenant',
    import: 'Import',
    recompute: 'Recomputation',
    'fraud-review': 'Fraud review',
    retrain: 'Training',
    lake_export: 'Export to the lake',
  } as Record<string, string>,
  states: { queued: 'Queued', running: 'Running', done: 'Done', failed: 'Failed' } as Record<string, string>,
  progress: 'Progress',
  step: (done: number, total: string) => `Step ${done} of ${total}`,
  started: 'Begun',
  finished: 'Ended',
  logs: 'Log',
  noLogs: 'It said nothing yet.',
  error: 'What went wrong',
  verdict: 'What was decided about the model',
};
