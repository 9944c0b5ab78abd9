import WebSocket from "ws";
import { requestsPerAddressMax, requestsPerTokenMax } from "../../lib/edge/firewall.ts";
import {
  admin,
  apiUrl,
  call,
  freshId,
  liveStream,
  type Person,
  person,
  service,
} from "../api/people.ts";
import { wsUrl } from "../api/viewer.ts";
import { print, quantile, round, wait } from "./figures.ts";

const seconds = { pause: 3, quiet: 8, attacked: 8 };
const honestUsers = 10;
/** Between two requests of an honest user. */
const honestPauseMilliseconds = 500;
/** Requests a second that the firewall lets through, of one token and of one address. */
const firewall = {
  token: requestsPerTokenMax.others / 60,
  address: requestsPerAddressMax.withoutToken / 300,
  dear: requestsPerAddressMax.dear / 300,
};

type Attacker = {
  name: string;
  perSecond: number;
  /** Prepares the fullest data that a user may store; the result sends one request. */
  prepare(): Promise<() => Promise<number>>;
};

const statusOf = async (...given: Parameters<typeof call>) => (await call(...given)).status;

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

/** A PNG of the largest size that is accepted: what follows the picture's end is kept with it. */
function largePicture(): Uint8Array<ArrayBuffer> {
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
  const bytes = new Uint8Array(3_670_016);
  bytes.set(Buffer.from(pixel, "base64"));
  return bytes;
}

/** The attackers of a security review, at the rate that prod's firewall lets them have. */
const attackers: readonly Attacker[] = [
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
    perSecond: firewall.dear,
    async prepare() {
      const { host } = await fullStream(new Date(Date.now() + 86_400_000).toISOString());
      return () => statusOf(`GET /api/v2/live-stream/user/${host.id}/upcoming-live-streams`);
    },
  },
  {
    name: "sign-ins with invented codes, without a token",
    perSecond: firewall.dear,
    prepare: async () => {
      const body = { code: "invented", codeVerifier: "v".repeat(43), redirectUri: apiUrl() };
      return () => statusOf("POST /api/v1/sign-in", { body });
    },
  },
  {
    name: "openapi.json, without a token",
    perSecond: firewall.dear,
    prepare: async () => () => statusOf("GET /openapi.json"),
  },
  {
    name: "a picture of the maximum size, without a token",
    perSecond: firewall.address,
    async prepare() {
      const form = new FormData();
      form.set("title", "Large");
      form.set("thumbnail", new Blob([largePicture()], { type: "image/png" }), "large.png");
      const as = await person();
      const { status, body } = await call("POST /api/v1/live-stream/create", { as, raw: form });
      if (status !== 201) throw new Error(`The upload answered ${status}`);
      const url: string = body.data.thumbnailUrl;
      return async () => {
        const answer = await fetch(url);
        await answer.arrayBuffer();
        return answer.status;
      };
    },
  },
  {
    name: "uploads of the maximum size",
    perSecond: firewall.token,
    async prepare() {
      const as = await person();
      await call("GET /api/v1/wallet", { as });
      return () => {
        const raw = new FormData();
        raw.set("photo", new Blob([largePicture()], { type: "image/png" }), "large.png");
        return statusOf("POST /api/v1/users/me/photo", { as, raw });
      };
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

type Tries = { statuses: Map<number, number>; milliseconds: number[] };

async function tryOnce({ statuses, milliseconds }: Tries, act: () => Promise<number>) {
  const began = performance.now();
  const status = await act().catch(() => 0);
  milliseconds.push(performance.now() - began);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

const noTries = (): Tries => ({ statuses: new Map(), milliseconds: [] });

/** Ten users who read their balance and chat in turn, next to attackers at their rate. */
async function run(
  honest: readonly (() => Promise<number>)[],
  attacks: readonly { perSecond: number; act: () => Promise<number> }[],
  forSeconds: number,
) {
  const [theirs, attacked] = [noTries(), noTries()];
  const before = await call("GET /local/cost");
  const began = performance.now();
  const goesOn = () => performance.now() - began < 1000 * forSeconds;
  const users = honest.map(async (act, at) => {
    await wait((honestPauseMilliseconds * at) / honest.length);
    for (; goesOn(); await wait(honestPauseMilliseconds)) await tryOnce(theirs, act);
  });
  const floods = attacks.map(async ({ perSecond, act }) => {
    const sent: Promise<void>[] = [];
    for (let n = 0; goesOn(); n++) {
      await wait(Math.max(0, began + (1000 * n) / perSecond - performance.now()));
      sent.push(tryOnce(attacked, act));
    }
    await Promise.all(sent);
  });
  await Promise.all([...users, ...floods]);
  const after = await call("GET /local/cost");
  const dollars: number = after.body.dollars.total - before.body.dollars.total;
  return { theirs, attacked, dollars, seconds: (performance.now() - began) / 1000 };
}

const failed = ({ statuses }: Tries) =>
  [...statuses].reduce(
    (sum, [status, count]) => (status >= 200 && status < 300 ? sum : sum + count),
    0,
  );

/**
 * The attackers of the security review, one at a time and five at once, next to ten honest users
 * on a system with prod's limits. The runner has no firewall: each attacker sends at the rate that
 * prod's firewall would let through. Prints how much slower the honest users became, what the
 * attackers were answered, and what an hour of it costs beyond the honest users' share.
 */
export async function benchAttackers(): Promise<void> {
  const { id } = await liveStream();
  await admin();
  const honest = await Promise.all(
    Array.from({ length: honestUsers }, async () => {
      const as = await person();
      let n = 0;
      const act = () =>
        n++ % 2 === 0
          ? statusOf("GET /api/v1/wallet", { as })
          : statusOf(`POST /api/v1/live-stream/${id}/chat/messages`, {
              as,
              body: { content: "Hi" },
            });
      await act();
      await act();
      return act;
    }),
  );
  const ready: { name: string; perSecond: number; act: () => Promise<number> }[] = [];
  for (const { name, perSecond, prepare } of attackers) {
    const act = await prepare();
    await act();
    ready.push({ name, perSecond, act });
  }
  const rows: Record<string, unknown>[] = [];
  const measure = async (name: string, attacks: typeof ready) => {
    await wait(1000 * seconds.pause);
    const quiet = await run(honest, [], seconds.quiet);
    const loaded = await run(honest, attacks, seconds.attacked);
    const [p50, p99] = [0.5, 0.99].map(
      (share) =>
        quantile(loaded.theirs.milliseconds, share) / quantile(quiet.theirs.milliseconds, share),
    );
    const hourly = 3600 * (loaded.dollars / loaded.seconds - quiet.dollars / quiet.seconds);
    rows.push({
      attacker: name,
      "requests a second": round(attacks.reduce((sum, { perSecond }) => sum + perSecond, 0)),
      answers: [...loaded.attacked.statuses].map(([status, n]) => `${n} × ${status}`).join(", "),
      "honest p99 ms": round(quantile(loaded.theirs.milliseconds, 0.99)),
      "p50 to quiet": round(p50!),
      "p99 to quiet": round(p99!),
      "honest failed": failed(loaded.theirs),
      "$ an hour": round(hourly),
    });
  };
  for (const one of ready) await measure(one.name, [one]);
  await measure("the first five at once", ready.slice(0, 5));
  print(`One attacker and ${honestUsers} honest users, ${seconds.attacked} s each`, rows);
}
