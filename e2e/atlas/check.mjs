// Uses the atlas like a reader, in headless Chromium: `node check.mjs SITE [SCREENSHOTS]`.
//
// Pages are opened from the disk, so that a request to any server fails the check; loading times are measured over HTTP.

import assert from "node:assert/strict";
import { accessSync, constants, existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const site = resolve(process.argv[2]);
const screenshots = process.argv[3];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PAGES = [
  "index.html",
  "history.html",
  "servers.html",
  "operations/channels.originate.html",
  "operations/bridges.createWithId.html",
  "operations/events.eventWebsocket.html",
  "models/Channel.html",
  "events/StasisStart.html",
  "compare/index.html",
  "compare/16.30.1...22.10.1.html",
];
const WIDTHS = [390, 1440];
const MAX_FIRST_LOAD = 300_000;
const MAX_INTERACTIVE_MS = 1000;

function browser() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  const executablePath = process.env.CHROMIUM ?? found;
  if (!executablePath) throw new Error("no Chromium: install it (`apt-get install chromium`), or name one in CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

const url = (path) => pathToFileURL(join(site, path.split(/[?#]/)[0])).href + (path.match(/[?#].*/)?.[0] ?? "");
const chrome = await browser();
const complaints = [];

/** A page whose errors and requests to servers fail the check. */
async function open(path, options = {}) {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${path}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${path}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) complaints.push(`${path}: requests ${request.url()}`);
  });
  await page.goto(url(path));
  return page;
}

const steps = {
  async "search finds operations, events and members, by the keyboard alone"() {
    const page = await open("index.html");
    await page.keyboard.press("/");
    await page.keyboard.type("channels orig");
    const first = page.locator("#results [data-target]").first();
    assert.match(await first.textContent(), /channels\.originate/);
    assert.equal(await first.getAttribute("aria-selected"), "true");
    assert.equal(await page.getAttribute("#search", "aria-activedescendant"), await first.getAttribute("id"));
    await page.keyboard.press("ArrowDown");
    assert.equal(await first.getAttribute("aria-selected"), "false");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/operations/channels.originate.html");
    await page.fill("#search", "replace_channel");
    await page.locator("#results [data-target]", { hasText: "StasisStart.replace_channel" }).click();
    await page.waitForURL("**/events/StasisStart.html#replace_channel");
    await page.fill("#search", "no such thing");
    assert.equal(await page.textContent("#results"), "Nothing found");
    await page.press("#search", "Escape");
    assert.equal(await page.isVisible("#results"), false);
  },

  async "switch of releases hides what a release lacks, and is kept"() {
    const page = await open("index.html");
    const claim = page.locator(".index .name", { hasText: /^claimChannel$/ });
    assert.equal(await claim.isVisible(), true);
    await page.selectOption("#release", "16.30.1");
    assert.equal(await claim.isVisible(), false);
    assert.match(page.url(), /release=16\.30\.1/);
    assert.equal(await page.textContent("#status"), "Showing Asterisk 16.30.1");
    await page.fill("#search", "claimChannel");
    assert.match(await page.locator("#results li").first().textContent(), /Not in 16\.30\.1/);
    await page.goto(url("operations/events.claimChannel.html"));
    assert.equal(await page.inputValue("#release"), "16.30.1");
    assert.match(await page.textContent(".absence:visible"), /Asterisk 16\.30\.1 does not have it\. Since Asterisk/);
    await page.selectOption("#release", "22.10.1");
    assert.equal(await page.isVisible(".absence"), false);
    await page.goto(url("operations/channels.externalMedia.html"));
    assert.equal(await page.isVisible("#transport_data"), true);
    await page.selectOption("#release", "22.5.0");
    assert.equal(await page.isVisible("#transport_data"), false);
    await page.selectOption("#release", "");
    assert.equal(await page.isVisible("#transport_data"), true);
  },

  async "deep link opens a member, in a release"() {
    const page = await open("operations/channels.originate.html?release=20.20.1#appArgs");
    assert.equal(await page.inputValue("#release"), "20.20.1");
    const top = await page.locator("#appArgs").evaluate((field) => field.getBoundingClientRect().top);
    assert.ok(top >= 0 && top < 900, `it is at ${top}`);
    assert.equal(await page.locator("#appArgs").evaluate((field) => field.matches(":target")), true);
  },

  async "two releases are compared, and levels filtered"() {
    const page = await open("compare/index.html");
    await page.selectOption("#from", "16.30.1");
    await page.selectOption("#to", "22.10.1");
    await page.click("#chooser button");
    await page.waitForURL("**/compare/16.30.1...22.10.1.html");
    const changes = page.locator("[data-level]");
    assert.ok((await changes.count()) > 50);
    const additions = await page.locator('[data-level="add"]:visible').count();
    assert.ok(additions > 0);
    await page.uncheck('#levels input[value="add"]');
    assert.equal(await page.locator('[data-level="add"]:visible').count(), 0);
    await page.selectOption("#to", "16.30.1");
    await page.click("#chooser button");
    assert.equal(await page.textContent("#status"), "Choose two different releases");
  },

  async "examples are tabs, whose choice is kept"() {
    const page = await open("operations/channels.originate.html");
    const shown = () => page.locator(".tab:visible code").first().textContent();
    assert.match(await shown(), /^curl /);
    for (const [title, code] of [
      ["Rust", 'originate("PJSIP/alice")'],
      ["TypeScript", 'ari.POST("/channels"'],
      ["Python", "channels_originate.sync"],
      ["ari", "ari channels originate --endpoint PJSIP/alice --app hello-world"],
    ]) {
      await page.getByRole("tab", { name: title, exact: true }).click();
      assert.ok((await shown()).includes(code), `${title}: ${await shown()}`);
    }
    await page.keyboard.press("ArrowLeft");
    assert.match(await shown(), /^from ari_client/);
    await page.goto(url("operations/channels.answer.html"));
    assert.match(await shown(), /^from ari_client/);
  },

  async "events lead to their causes and back"() {
    const page = await open("operations/channels.play.html");
    await page.click("#follows .chain a >> text=PlaybackFinished");
    await page.waitForURL("**/events/PlaybackFinished.html");
    await page.click("#causes >> text=channels.play");
    await page.waitForURL("**/operations/channels.play.html");
  },

  async "colours follow the system, or the reader"() {
    const page = await open("index.html", { colorScheme: "dark" });
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await back();
    await page.click("#theme");
    assert.notEqual(await back(), dark);
    await page.reload();
    assert.notEqual(await back(), dark);
  },

  async "menu opens on a phone, and closes by Escape"() {
    const page = await open("operations/channels.answer.html", { viewport: { width: 390, height: 844 } });
    assert.equal(await page.isVisible("#nav"), false);
    await page.click("#menu");
    assert.equal(await page.isVisible('#nav [aria-current="page"]'), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("#nav"), false);
  },

  async "pages work without a script"() {
    const page = await open("index.html", { javaScriptEnabled: false });
    await page.click(".index >> text=originateWithId");
    assert.match(await page.textContent("h1"), /channels\.originateWithId/);
    assert.equal(await page.locator(".tab:visible").count(), 5);
  },

  async "no page is wider than its window"() {
    for (const path of PAGES) {
      const page = await open(path, { viewport: { width: 390, height: 844 } });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 390, `${path} is ${width} pixels wide`);
      await page.context().close();
    }
  },

  async "axe finds no violation"() {
    for (const path of PAGES) {
      for (const [colorScheme, width] of [["light", 1440], ["dark", 390]]) {
        const page = await open(path, { colorScheme, viewport: { width, height: 900 } });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run({ preload: false }));
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(" ")}`);
        assert.deepEqual(found, [], `${path}, ${colorScheme}`);
        await page.context().close();
      }
    }
  },

  async "links lead to pages, and anchors to places on them"() {
    const files = readdirSync(site, { recursive: true }).filter((file) => file.endsWith(".html"));
    assert.ok(files.length > 200, `${files.length} pages`);
    const pages = new Map(files.map((file) => [file, readFileSync(join(site, file), "utf8")]));
    const ids = new Map([...pages].map(([file, text]) => [file, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]));
    const dead = [];
    for (const [file, text] of pages) {
      for (const [, link] of text.matchAll(/ href="([^"]+)"/g)) {
        const [path, anchor] = link.split("#");
        const target = path ? join(file, "..", path) : file;
        const isThere = ids.has(target) ? !anchor || ids.get(target).has(anchor) : existsSync(join(site, target));
        if (!isThere) dead.push(`${file}: ${link}`);
      }
    }
    assert.deepEqual(dead.slice(0, 20), []);
  },

  async "the first load is small, and the page soon usable on a slow line"() {
    const types = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
    let sent = 0;
    const server = createServer((request, response) => {
      const path = decodeURI(new URL(request.url, "http://localhost").pathname);
      const body = gzipSync(readFileSync(join(site, path)));
      sent += body.length;
      response.writeHead(200, { "content-type": types[path.split(".").pop()], "content-encoding": "gzip" }).end(body);
    });
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const at = `http://127.0.0.1:${server.address().port}`;
    for (const path of ["index.html", "operations/channels.originate.html"]) {
      // The best of some loads measures the page, the others what else the machine does.
      let ready = Infinity;
      for (let load = 0; load < 5; load += 1) {
        sent = 0;
        const context = await chrome.newContext();
        const page = await context.newPage();
        const devtools = await context.newCDPSession(page);
        // Chromium's "Slow 4G", on a processor of a quarter of the speed.
        const slow = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 };
        await devtools.send("Network.enable");
        await devtools.send("Network.emulateNetworkConditions", slow);
        await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
        await page.goto(`${at}/${path}`);
        await page.waitForFunction(() => window.ATLAS);
        const usable = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
        ready = Math.min(ready, usable);
        await context.close();
      }
      console.log(`   ${path}: ${Math.round(sent / 1000)} kB, usable after ${Math.round(ready)} ms`);
      assert.ok(sent < MAX_FIRST_LOAD, `${path} is ${sent} bytes`);
      assert.ok(ready < MAX_INTERACTIVE_MS, `${path} is usable after ${ready} ms`);
    }
    server.close();
  },
};

let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    assert.deepEqual(complaints.splice(0), []);
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAILED ${name}\n${error.stack}`);
  }
  await Promise.all(chrome.contexts().map((context) => context.close()));
}
if (screenshots) {
  for (const path of PAGES) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of WIDTHS) {
        const page = await open(path, { colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
        const name = path.replace(/\.html$/, "").replaceAll("/", "-");
        await page.screenshot({ path: join(screenshots, `${name}-${width}-${colorScheme}.png`) });
        await page.context().close();
      }
    }
  }
}
await chrome.close();
process.exit(failed ? 1 : 0);
