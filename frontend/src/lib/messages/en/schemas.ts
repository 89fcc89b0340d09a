import { plural } from '../../plural';

export const schemas = {
  title: 'Event schemas',
  hint: 'What the properties of your in-app events must look like. An event without a schema may hold anything.',
  create: 'New schema',
  eventName: 'Event name',
  eventNameHint: 'As your apps send it.',
  version: 'Version',
  properties: 'Properties',
  schema: 'JSON Schema of its properties',
  schemaHint: 'Draft 2020-12. References must stay within it.',
  noObject: 'A schema is a JSON object.',
  onViolation: 'What becomes of an event that does not fit',
  violations: { reject: 'Rejected', flag: 'Marked' },
  violationHints: {
    reject: 'It is kept among the rejected events, where it can be mended and sent again.',
    flag: 'It is taken, and marked; the page of data quality counts it.',
  },
  register: 'Register',
  next: 'Register the next version',
  saved: (name: string, version: number) => `${name}: version ${version} applies within a second`,
  removed: (name: string) => `The schema of ${name} is being removed`,
  breaking: 'Events that fit today would not fit then:',
  force: 'Register it all the same: every app sends the new shape.',
  older: (count: number) => `${count} older ${plural('en', count, { one: 'version', other: 'versions' })}`,
  none: 'No schemas yet',
  noneHint: 'A schema finds an app’s mistakes with the first event, and not with the first report.',
};
