export const account = {
  title: 'Your account',
  password: 'Password',
  passwordHint: 'Every other session of yours ends with a new password.',
  current: 'Current password',
  chosen: 'New password',
  chosenHint: 'Long and not a common one. A sentence is easy to remember and hard to guess.',
  submit: 'Change the password',
  changed: 'The password is changed; your other sessions have ended',
  sessions: 'Sessions',
  sessionsHint: 'A session ends when you sign out. To end those on other devices too, choose a new password.',
};
