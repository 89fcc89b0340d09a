/** Words that the pages of setting up share. */
export const setUp = {
  actions: 'Actions',
  edit: 'Change',
  created: 'Made',
  by: 'By',
  saved: 'Saved',
  notSaved: 'This was not saved',
  notDone: 'This was not done',
  never: 'Never',
  optional: 'optional',
  readOnly: 'Your role may look at this, but not change it.',
  details: 'Details',
  done: 'Done',
};
