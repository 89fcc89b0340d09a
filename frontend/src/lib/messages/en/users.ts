export const users = {
  title: 'Users',
  hint: 'Who may sign in here, and what they may do.',
  invite: 'Invite somebody',
  inviteSubmit: 'Invite',
  inviteAgain: 'Invite again',
  email: 'Email',
  role: 'Role',
  roleHints: {
    owner: 'All of it: users, keys, settings, policies.',
    analyst: 'Reads, makes links, campaigns and costs, drafts policies.',
    viewer: 'Reads.',
  },
  you: 'you',
  state: 'State',
  states: { invited: 'Invited', active: 'Active' },
  lastLogin: 'Last sign-in',
  changed: (email: string, role: string) => `${email} is now: ${role}`,
  removed: (email: string) => `${email} is being removed`,
  reset: 'Have a new password chosen',
  resetTitle: 'Link to a new password',
  resetHint: (email: string) =>
    `Give this link to ${email}. It works once, and is shown only now. Until it is used, the old password works.`,
  invitedTitle: 'Invitation',
  invitedHint: (email: string) =>
    `There is no mail server, so give this link to ${email} yourself. It works once, and is shown only now.`,
  mailed: (email: string) => `A link was mailed to ${email}`,
};
