import { once } from "node:events";
import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import WebSocket from "ws";
import { pictureBytesMax, usualBytesMax } from "../../domain/picture.ts";
import {
  requestsPerAddressMax,
  requestsPerTokenMax,
  uploadsPerTokenMax,
} from "../../lib/edge/firewall-rules.ts";
import { apiUrl, call, freshId, liveStream, type Person, person, service } from "../api/people.ts";
import { wsUrl } from "../api/viewer.ts";
import { wait } from "./figures.ts";

/** Requests a second that the firewall lets through, of one token and of one address. */
const firewall = {
  token: requestsPerTokenMax.others / 60,
  uploads: uploadsPerTokenMax / 300,
  address: requestsPerAddressMax.unchecked / 300,
  expensive: requestsPerAddressMax.expensive / 300,
  pictures: requestsPerAddressMax.pictures / 300,
  largePictures: requestsPerAddressMax.largePictures / 300,
};

/** One attacker of the security review. */
type Attacker = {
  name: string;
  perSecond: number;
  /** Prepares the fullest data that a user may store; the result sends one request. */
  prepare(): Promise<() => Promise<number>>;
};

/** Sends a call; returns the status of its answer. */
export const statusOf = async (...given: Parameters<typeof call>) => (await call(...given)).status;

/** 200 blocked words of the maximum length, in a channel that every new stream begins with. */
const longWords = Array.from({ length: 200 }, (_, n) => `${n}`.padStart(3, "x").repeat(16));

async function fullStream(plannedStartDate?: string): Promise<{ host: Person; id: string }> {
  const host = await person();
  await call("GET /api/v1/wallet", { as: host });
  const blockedWords = longWords;
  const { status, text } = await call("PATCH /api/v1/channel", {
    as: host,
    body: { blockedWords },
  });
  if (status !== 200) throw new Error(`PATCH /api/v1/channel answered ${status} ${text}`);
  if (plannedStartDate === undefined) return liveStream(host);
  const body = { title: "Planned", plannedStartDate };
  for (let n = 0; n < 20; n++) await call("POST /api/v1/live-stream/create", { as: host, body });
  return { host, id: "" };
}

const agent = new Agent({ keepAlive: true });

/**
 * Sends a call with as little work as possible, and drops the body of its answer as it comes: what
 * an attacker does with bytes is not the system's work.
 */
async function statusAt(
  url: string,
  { headers = {}, raw }: { headers?: OutgoingHttpHeaders; raw?: Uint8Array } = {},
): Promise<number> {
  const sent = request(url, { agent, headers, method: raw ? "POST" : "GET" }).end(raw);
  const [answer] = await once(sent, "response");
  await once(answer.resume(), "end");
  return answer.statusCode;
}

/** A PNG of this size: what follows the picture's end is kept with it. */
function pictureOf(size: number): Uint8Array<ArrayBuffer> {
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
  const bytes = new Uint8Array(size);
  bytes.set(Buffer.from(pixel, "base64"));
  return bytes;
}

/** Prepares reads of a picture of this size by a caller without a token. */
async function prepareReads(size: number): Promise<() => Promise<number>> {
  const form = new FormData();
  form.set("title", "Pictured");
  form.set("thumbnail", new Blob([pictureOf(size)], { type: "image/png" }), "picture.png");
  const as = await person();
  const { status, body } = await call("POST /api/v1/live-stream/create", { as, raw: form });
  if (status !== 201) throw new Error(`The upload answered ${status}`);
  const url: string = body.data.thumbnailUrl;
  return () => statusAt(url);
}

/** The attackers of a security review, at the rate that prod's firewall lets them have. */
export const attackers: readonly Attacker[] = [
  {
    name: "messages that fold to 18 letters each, against 200 blocked words",
    perSecond: firewall.token,
    async prepare() {
      const { host: as, id } = await fullStream();
      const body = { content: "\uFDFA".repeat(500) };
      return () => statusOf(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body });
    },
  },
  {
    name: "read notifications of a full list",
    perSecond: firewall.token,
    async prepare() {
      const as = await person();
      await call("GET /api/v1/wallet", { as });
      const note = { type: "system", category: "live_stream", title: "t".repeat(200) };
      const body = { ...note, userId: as.id, message: "\u{1F600}".repeat(2_000) };
      const sender = await service();
      for (let n = 0; n < 300; n++)
        if ((await statusOf("POST /api/v1/notifications", { as: sender, body })) === 429)
          await wait(200);
      return () => statusOf("GET /api/v1/notifications?read=true&limit=100", { as });
    },
  },
  {
    name: "lists of streams with full settings",
    perSecond: firewall.token,
    async prepare() {
      await Promise.all(Array.from({ length: 20 }, () => fullStream()));
      const as = await person();
      return () => statusOf("GET /api/v1/live-stream?limit=100", { as });
    },
  },
  {
    name: "upcoming streams of a host with 20, without a token",
    perSecond: firewall.expensive,
    async prepare() {
      const { host } = await fullStream(new Date(Date.now() + 86_400_000).toISOString());
      return () => statusOf(`GET /api/v2/live-stream/user/${host.id}/upcoming-live-streams`);
    },
  },
  {
    name: "sign-ins with invented codes, without a token",
    perSecond: firewall.expensive,
    prepare: async () => {
      const body = { code: "invented", codeVerifier: "v".repeat(43), redirectUri: apiUrl() };
      return () => statusOf("POST /api/v1/sign-in", { body });
    },
  },
  {
    name: "openapi.json, without a token",
    perSecond: firewall.expensive,
    prepare: async () => () => statusOf("GET /openapi.json"),
  },
  {
    name: "a picture of the maximum size, without a token",
    perSecond: firewall.largePictures,
    prepare: () => prepareReads(pictureBytesMax),
  },
  {
    name: "a picture of 256 KB, without a token",
    perSecond: firewall.pictures,
    prepare: () => prepareReads(usualBytesMax),
  },
  {
    name: "uploads of the maximum size",
    perSecond: firewall.uploads,
    async prepare() {
      const as = await person();
      await call("GET /api/v1/wallet", { as });
      const form = new FormData();
      form.set("photo", new Blob([pictureOf(pictureBytesMax)], { type: "image/png" }), "large.png");
      const written = new Response(form);
      const raw = new Uint8Array(await written.arrayBuffer());
      const headers = {
        authorization: `Bearer ${as.token}`,
        "content-type": written.headers.get("content-type")!,
      };
      return () => statusAt(`${apiUrl()}/api/v1/users/me/photo`, { raw, headers });
    },
  },
  {
    name: "sockets with invented tickets",
    perSecond: firewall.address,
    prepare: async () => () =>
      new Promise((done) => {
        const socket = new WebSocket(`${wsUrl()}?ticket=${freshId()}`);
        socket.once("unexpected-response", (_request, { statusCode }) => {
          done(statusCode ?? 0);
          socket.terminate();
        });
        socket.on("error", () => {});
      }),
  },
];
