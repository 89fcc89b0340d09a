// Sends calls with an SDK for browsers, in a browser: `node browser.mjs segment|rudderstack URL KEY CHROMIUM < calls.json`.
// The page comes from another origin than the platform. It prints that it is loaded, the status of each answer that the
// SDK gets to what it sends, then what it reports as lost, one a line; also what the page wants from anywhere else.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { chromium } from "playwright-core";

const [sdk, url, key, folder] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);

const SCRIPTS = {
  segment: "@segment/analytics-next/dist/umd/index.js",
  rudderstack: "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js",
};
const ARGUMENTS = {
  track: ({ event, properties }) => [event, properties],
  identify: ({ userId, traits }) => [userId, traits],
  page: ({ name, properties }) => [name, properties],
};

// What the page runs, and what its owner would write there.
function sendAll({ sdk, url, key, calls }) {
  let client;
  if (sdk === "segment") {
    client = globalThis.AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: url });
    client.on("error", ({ reason }) => globalThis.lost(reason.message));
    client.catch((error) => globalThis.lost(error.message));
  } else {
    client = new globalThis.rudderanalytics.RudderAnalytics();
    client.load(key, url, { configUrl: url, logLevel: "ERROR" });
  }
  for (const [name, args] of calls) client[name](...args);
}

const script = await readFile(new URL(`node_modules/${SCRIPTS[sdk]}`, import.meta.url));
const server = createServer((request, response) => {
  const isScript = request.url === "/sdk.js";
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : "<!doctype html><title>Shop</title><script src=/sdk.js></script>");
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const pageUrl = `http://localhost:${server.address().port}/`;

const browser = await chromium.launch({
  executablePath: `${folder}/chromium`,
  args: ["--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage"],
  env: { ...process.env, LD_LIBRARY_PATH: `${folder}/al2023/lib` },
});
const page = await browser.newPage();
const lost = [];
let open = Infinity;
let done;
const allDone = new Promise((resolve) => (done = resolve));
page.on("request", (request) => {
  if (![url, pageUrl].some((ours) => request.url().startsWith(ours))) say(`elsewhere: ${request.url()}`);
});
page.on("response", (response) => {
  if (response.request().method() !== "POST") return;
  say(response.status());
  if (response.ok() && --open === 0) done();
});
page.on("pageerror", (error) => say(`error: ${error.message}`));
await page.exposeFunction("lost", (reason) => {
  lost.push(reason);
  done();
});
await page.goto(pageUrl);
say("loaded");
const calls = JSON.parse(await text(process.stdin));
open = calls.length;
await page.evaluate(sendAll, { sdk, url, key, calls: calls.map((call) => [call.type, ARGUMENTS[call.type](call)]) });
await allDone;
for (const reason of lost) say(`lost: ${reason}`);
await browser.close();
process.exit(0);
