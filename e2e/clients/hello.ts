// Hello, world with what openapi-typescript makes of the document: calls itself, answers, plays a sound, hangs up.

import createClient from "openapi-fetch";
import WebSocket from "ws";
import type { components, paths } from "./ari.js";

// Types that are newer than the document reach the `default` branch of a `switch`.
type Event = components["schemas"]["KnownEvent"];

const [base, user, password] = ["ARI_URL", "ARI_USER", "ARI_PASSWORD"].map((name) => process.env[name] ?? "");
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const app = `hello-ts-${process.pid}`;
// By default, openapi-fetch repeats a parameter for several values, of which the server takes the last.
const querySerializer = { array: { style: "form", explode: false } } as const;
const ari = createClient<paths>({ baseUrl: base, headers: { authorization }, querySerializer });
let continued = false;

function fail(what: unknown): never {
  console.error(what);
  process.exit(1);
}

async function call() {
  const query = { endpoint: `Local/stasis-${app}@default`, context: "default", extension: "wait" };
  const { data, error } = await ari.POST("/channels", { params: { query } });
  console.log(`calls with ${data?.name ?? fail(error)}`);
}

async function handle(event: Event): Promise<void> {
  switch (event.type) {
    case "StasisStart": {
      const path = { channelId: event.channel.id };
      const answered = await ari.POST("/channels/{channelId}/answer", { params: { path } });
      const media = ["sound:hello", "sound:beep"];
      const played = await ari.POST("/channels/{channelId}/play", { params: { path, query: { media } } });
      console.log(`${answered.response.status}, ${played.response.status}: plays ${played.data?.media_uri ?? fail(played.error)}`);
      break;
    }
    case "PlaybackContinuing":
      console.log("plays the second sound");
      continued = true;
      break;
    case "PlaybackFinished": {
      console.log(`${event.playback.state}`);
      const path = { channelId: event.playback.target_uri.slice("channel:".length) };
      const hungUp = await ari.DELETE("/channels/{channelId}", { params: { path, query: { reason: "normal" } } });
      if (hungUp.response.status !== 204) fail(hungUp.error);
      break;
    }
    case "StasisEnd":
      console.log("the call has ended");
      process.exit(continued ? 0 : 1);
    default:
  }
}

const events = new WebSocket(`${base.replace("http", "ws")}/events?app=${app}`, { headers: { authorization } });
events.on("open", () => call().catch(fail));
events.on("message", (message) => handle(JSON.parse(message.toString()) as Event).catch(fail));
events.on("error", fail);
setTimeout(() => fail("no end within 30 s"), 30_000);
