/** Where a snippet runs; those of telephones are not among what the platform's own tests drive. */
export const SDKS = [
  'curl',
  'segment_web',
  'rudder_web',
  'segment_node',
  'rudder_node',
  'segment_python',
  'rudder_python',
  'kotlin',
  'swift',
] as const;
export type Sdk = (typeof SDKS)[number];

export const SDK_NAMES: Record<Sdk, string> = {
  curl: 'HTTP (curl)',
  segment_web: 'Web, Segment',
  rudder_web: 'Web, RudderStack',
  segment_node: 'Node, Segment',
  rudder_node: 'Node, RudderStack',
  segment_python: 'Python, Segment',
  rudder_python: 'Python, RudderStack',
  kotlin: 'Android, Segment',
  swift: 'iOS, Segment',
};

export interface Snippet {
  /** How the package is installed; null: nothing is. */
  install: string | null;
  code: string;
}

/** What to put into an app so that its events come here: `origin` is the tenant's own, such as `https://acme.example`. */
export function snippet(sdk: Sdk, origin: string, key: string): Snippet {
  const host = origin.replace(/^https?:\/\//, '');
  switch (sdk) {
    case 'curl':
      return {
        install: null,
        code: `curl ${origin}/api/v1/events/ingest \\
  -H 'X-Write-Key: ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"event_id": "'$(uuidgen)'", "event_type": "install", "platform": "android",
       "device_id": "my-test-device", "event_time": "'$(date -u +%FT%TZ)'"}'`,
      };
    case 'segment_web':
      return {
        install: 'npm install @segment/analytics-next',
        code: `import { AnalyticsBrowser } from '@segment/analytics-next';

const analytics = AnalyticsBrowser.load({
  writeKey: '${key}',
  cdnURL: '${origin}',
});
analytics.track('Level Completed', { level: 7 });`,
      };
    case 'rudder_web':
      return {
        install: 'npm install @rudderstack/analytics-js',
        code: `import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

const analytics = new RudderAnalytics();
analytics.load('${key}', '${origin}', { configUrl: '${origin}' });
analytics.track('Level Completed', { level: 7 });`,
      };
    case 'segment_node':
      return {
        install: 'npm install @segment/analytics-node',
        code: `import { Analytics } from '@segment/analytics-node';

const analytics = new Analytics({ writeKey: '${key}', host: '${origin}' });
analytics.track({ userId: 'u-1', event: 'Level Completed', properties: { level: 7 } });`,
      };
    case 'rudder_node':
      return {
        install: 'npm install @rudderstack/rudder-sdk-node',
        code: `import RudderAnalytics from '@rudderstack/rudder-sdk-node';

const client = new RudderAnalytics('${key}', { dataPlaneUrl: '${origin}' });
client.track({ userId: 'u-1', event: 'Level Completed', properties: { level: 7 } });`,
      };
    case 'segment_python':
      return {
        install: 'pip install segment-analytics-python',
        code: `import segment.analytics as analytics

analytics.write_key = "${key}"
analytics.host = "${origin}"
analytics.track("u-1", "Level Completed", {"level": 7})`,
      };
    case 'rudder_python':
      return {
        install: 'pip install rudder-sdk-python',
        code: `import rudderstack.analytics as analytics

analytics.write_key = "${key}"
analytics.dataPlaneUrl = "${origin}"
analytics.track("u-1", "Level Completed", {"level": 7})`,
      };
    case 'kotlin':
      return {
        install: 'implementation("com.segment.analytics.kotlin:android:1.+")',
        code: `import com.segment.analytics.kotlin.android.Analytics

val analytics = Analytics("${key}", applicationContext) {
    apiHost = "${host}/v1"
    cdnHost = "${host}/v1"
    trackApplicationLifecycleEvents = true
}
analytics.track("Level Completed")`,
      };
    case 'swift':
      return {
        install: '.package(url: "https://github.com/segmentio/analytics-swift", from: "1.0.0")',
        code: `import Segment

let configuration = Configuration(writeKey: "${key}")
    .apiHost("${host}/v1")
    .cdnHost("${host}/v1")
    .trackApplicationLifecycleEvents(true)
let analytics = Analytics(configuration: configuration)
analytics.track(name: "Level Completed")`,
      };
  }
}
