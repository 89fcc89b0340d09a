// Three calls by the real Node SDK of Segment or RudderStack: `node sdk.mjs segment|rudder URL KEY RUN`.
// Prints what the SDK reported, as JSON: what an app's developer would see.
import { createRequire } from "node:module";

const [sdk, url, key, run] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const errors = [];
const user = `user-${run}`;

function messages() {
  return [
    ["identify", { userId: user, traits: { plan: "pro" } }],
    ["track", { userId: user, event: "Order Completed", properties: { order_id: `order-${run}`, revenue: 9.99, currency: "EUR" } }],
    ["track", { userId: user, event: "Level Up", properties: { level: 3 }, context: { campaign: { source: "newsletter", name: "spring" } } }],
  ];
}

async function withSegment() {
  const { Analytics } = require("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: key, host: url, flushInterval: 100, maxRetries: 20 });
  analytics.on("error", (error) => errors.push(String(error.reason ?? error.code ?? error)));
  for (const [call, message] of messages()) analytics[call](message);
  await analytics.closeAndFlush({ timeout: 60_000 });
}

async function withRudder() {
  const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
  const analytics = new RudderAnalytics(key, { dataPlaneUrl: url, flushInterval: 100, axiosRetryConfig: { retries: 10 } });
  await Promise.all(
    messages().map(
      ([call, message]) =>
        new Promise((resolve) => {
          analytics[call](message, (error) => {
            if (error) errors.push(String(error));
            resolve();
          });
        }),
    ),
  );
  await new Promise((resolve) => analytics.flush(resolve));
}

await (sdk === "segment" ? withSegment() : withRudder());
console.log(JSON.stringify(errors));
process.exit(0);
