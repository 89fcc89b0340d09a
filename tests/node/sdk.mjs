// Sends calls with a Node SDK: `node sdk.mjs segment|rudderstack URL KEY < calls.json`.
// It prints that it is loaded, the status of each answer that the SDK gets, then what the SDK reports as lost, one a line.
import { text } from "node:stream/consumers";

import RudderStack from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import axios from "axios";

const [sdk, url, key] = process.argv.slice(2);
const say = (status) => process.stdout.write(`${status}\n`);
const lost = (error) => process.stdout.write(`lost: ${error.message ?? JSON.stringify(error)}\n`);

async function throughSegment() {
  const client = new Analytics({ writeKey: key, host: url, maxRetries: 8 });
  client.on("http_response", ({ status }) => say(status));
  client.on("error", ({ reason }) => lost(reason));
  for (const { type, ...message } of calls) client[type](message);
  await client.closeAndFlush({ timeout: 60_000 });
}

async function throughRudderStack() {
  const axiosInstance = axios.create();
  axiosInstance.interceptors.response.use(
    (response) => (say(response.status), response),
    (error) => (error.response && say(error.response.status), Promise.reject(error)),
  );
  const options = { dataPlaneUrl: url, axiosInstance, retryCount: 8, maxQueueSize: 2 ** 25, logLevel: "none" };
  const client = new RudderStack(key, { ...options, flushAt: calls.length, errorHandler: () => {} });
  client.flushed = true; // Else the first call alone is sent at once.
  const told = calls.map(
    ({ type, ...message }) => new Promise((done) => client[type](message, (error) => done(error && lost(error)))),
  );
  await Promise.all(told);
}

say("loaded");
const calls = JSON.parse(await text(process.stdin));
await (sdk === "segment" ? throughSegment() : throughRudderStack());
process.exit(0);
