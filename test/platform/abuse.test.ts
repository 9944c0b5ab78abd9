import { jest } from "@jest/globals";
import type { LocalUsage, Rate, RateKind } from "../../domain/rate.ts";
import { handler as transfer } from "../../functions/money/credits/transfer.ts";
import { handler as readWallet } from "../../functions/money/wallets/get.ts";
import { handler as unfollow } from "../../functions/people/follows/unfollow.ts";
import { handler as notify } from "../../functions/people/notifications/create.ts";
import { handler as createTicket } from "../../functions/people/sessions/create-ticket.ts";
import { handler as search } from "../../functions/people/users/search.ts";
import { handler as say } from "../../functions/streams/chat/send-message.ts";
import { handler as superlike } from "../../functions/streams/chat/superlike.ts";
import { handler as createStream } from "../../functions/streams/create.ts";
import { handler as readEvents } from "../../functions/streams/events.ts";
import { prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { socket } from "../../platform/realtime/socket.ts";
import { useLocalUsage } from "../../platform/table/rates.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { posterWith } from "./push/posters.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

/*
 * One user at full speed next to ten honest ones, for each kind of thing that a client can do, in
 * prod's numbers. The clock is the test's, so that a slow machine counts the same as a fast one.
 */

const pairs = Object.entries(prodRates).map(([kind, { perSecond, burst }]) => [
  kind,
  [perSecond, burst],
]);
useOwnTable({
  RATES: JSON.stringify(Object.fromEntries(pairs)),
  REQUESTS_PER_SECOND: "20",
  GIFTS_PER_SECOND: "20",
});

const honestCount = 10;
const environmentCount = 4;
const seconds = 4;

let posts = 0;
let tableCalls = 0;
let streamIds: string[];

beforeAll(async () => {
  const host = await makeUser("host");
  streamIds = await Promise.all([1, 2, 3].map(async () => (await makeStream(host)).id));
  const client = table();
  const send = (command: never) => {
    tableCalls++;
    return client.send(command);
  };
  useTable({ send } as unknown as typeof client);
});
afterAll(() => void jest.useRealTimers());

/** Moves the clock that functions read; timers go on by themselves. */
function setClock(at: number): void {
  const doNotFake = [
    ...(["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const),
    ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
  ];
  jest.useFakeTimers({ doNotFake, now: at });
}

type Try = (as: string, at: number) => Promise<number>;

const over =
  (handler: unknown, given: (as: string, at: number) => object = () => ({})): Try =>
  async (as, at) =>
    (await callEndpoint(handler, { as, ...given(as, at) })).status;
const inStream = (at: number) => ({ path: { streamId: streamIds[at % streamIds.length]! } });

/** The last answer to each connection. */
const answers = new Map<string, { type: string; requestId?: string }>();
const poster = posterWith({
  post: async (connectionId, { bytes }) => {
    posts++;
    answers.set(connectionId, JSON.parse(bytes.toString()));
    return "sent";
  },
});
const accepted = { refusals: [], grants: {}, summary: "Say that it was done" };
const sockets = {
  handshakes: socket(
    { ...accepted, route: "$connect" },
    async () => ({ statusCode: 200 }),
    () => poster,
  ),
  messages: socket(
    { ...accepted, route: "ping" },
    ({ answer }) => answer({ type: "pong" }),
    () => poster,
  ),
  subscribes: socket(
    { ...accepted, route: "subscribe", rate: "subscribes" },
    ({ answer }) => answer({ type: "subscribed" }),
    () => poster,
  ),
};

/** A handshake's status; of a message 200 where it got to its handler, and 429 otherwise. */
const onSocket =
  (kind: keyof typeof sockets): Try =>
  async (as, at) => {
    const eventType = kind === "handshakes" ? "CONNECT" : "MESSAGE";
    const exp = String(Math.floor(Date.now() / 1000) + 3600);
    const answer = await sockets[kind].handler({
      requestContext: {
        connectionId: as,
        eventType,
        connectedAt: Date.now(),
        authorizer: { sub: as, exp },
      },
      body: `{"requestId":"r${at}"}`,
    });
    if (eventType === "CONNECT") return answer.statusCode;
    const said = answers.get(as);
    return said?.requestId === `r${at}` && said.type !== "error" ? 200 : 429;
  };

/** `units` are those that a call takes. */
type Case = { kind: RateKind; act: Try; units?: number; credits?: number };

const unitsOfRoute = (route: string) =>
  unitsOf(rowsOf("endpoint").find(({ contract }) => contract.route === route)!.contract.cost);

const cases: Case[] = [
  { kind: "reads", act: over(readWallet) },
  {
    kind: "writes",
    act: over(unfollow, () => ({ path: { userId: "host" } })),
    units: unitsOfRoute("DELETE /api/v1/follow/{userId}"),
  },
  {
    kind: "searches",
    act: over(search, () => ({ query: { q: "host" } })),
    units: unitsOfRoute("GET /api/v1/users/search"),
  },
  // In several streams, since each has the same limit for itself.
  {
    kind: "chat",
    act: over(say, (_as, at) => ({ ...inStream(at), body: { content: "Hi" } })),
    units: unitsOfRoute("POST /api/v1/live-stream/{streamId}/chat/messages"),
  },
  {
    kind: "money",
    act: over(superlike, (_as, at) => inStream(at)),
    units: unitsOfRoute("POST /api/v1/live-stream/{streamId}/chat/superlike"),
    credits: 1_000_000,
  },
  {
    kind: "transfers",
    act: over(transfer, () => ({ body: { recipientId: "host", amount: 1 } })),
    units: unitsOfRoute("POST /api/v1/messages/credit-transfer"),
    credits: 1_000,
  },
  {
    kind: "notifications",
    act: over(notify, (as) => ({
      body: { userId: as, type: "system", category: "messages", title: "Hi", message: "Me" },
    })),
    units: unitsOfRoute("POST /api/v1/notifications"),
  },
  {
    kind: "streams",
    act: over(createStream, () => ({ body: { title: "Show" } })),
    units: unitsOfRoute("POST /api/v1/live-stream/create"),
  },
  {
    kind: "polls",
    act: over(readEvents, (_as, at) => ({ ...inStream(at), query: {} })),
    units: unitsOfRoute("GET /api/v1/live-stream/{streamId}/events"),
  },
  { kind: "tickets", act: over(createTicket) },
  { kind: "handshakes", act: onSocket("handshakes") },
  { kind: "messages", act: onSocket("messages") },
  { kind: "subscribes", act: onSocket("subscribes") },
];

const mayPass = ({ perSecond, burst }: Rate, inSeconds: number) => burst + perSecond * inSeconds;

/** How long a refusal holds where it was met, so much may be unused when the course ends. */
const heldSeconds = 1;

/*
 * Planted faults that turn this red: decideUse() that always admits; a table that is never updated,
 * so that each environment counts alone; afterRefusal() that expires at once.
 */
test.each(cases.map((one) => [one.kind, one] as const))(
  "%s: the attacker gets the limit and no more, and ten others notice nothing",
  async (kind, { act, units = 1, credits = 0 }) => {
    const { perSecond: unitsPerSecond, burst } = prodRates[kind];
    const rate = { perSecond: unitsPerSecond / units, burst: burst / units };
    const environments = Array.from(
      { length: environmentCount },
      () => new Map<string, LocalUsage>(),
    );
    const attacker = await makeUser(someone("attacker"), credits);
    const names = Array.from({ length: honestCount }, () => someone("honest"));
    const honest = await Promise.all(names.map((name) => makeUser(name, credits)));
    const begin = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
    const perSecond = Math.max(20, 3 * rate.perSecond);
    const statuses = { honest: [] as number[], attacker: [] as number[] };
    const calls = { honest: 0, attacker: 0 };
    const postsOf = { honest: 0, attacker: 0 };
    const once = async (who: "honest" | "attacker", as: string, at: number) => {
      const before = { tableCalls, posts };
      statuses[who].push(await act(as, at));
      calls[who] += tableCalls - before.tableCalls;
      postsOf[who] += posts - before.posts;
    };
    try {
      for (let at = 0; at < seconds * perSecond; at++) {
        setClock(begin + (at * 1000) / perSecond);
        useLocalUsage(environments[at % environmentCount]!);
        await once("attacker", attacker, at);
        // Each honest user comes every second second, wherever they get to.
        const every = Math.floor((2 * perSecond) / honestCount);
        if (at % every === 0) await once("honest", honest[(at / every) % honestCount]!, at);
      }
    } finally {
      jest.useRealTimers();
    }
    expect(statuses.honest.length).toBeGreaterThanOrEqual(2 * honestCount);
    expect(statuses.honest.filter((status) => status >= 300)).toEqual([]);
    const passed = statuses.attacker.filter((status) => status < 300).length;
    const refused = statuses.attacker.filter((status) => status === 429).length;
    expect(passed + refused).toBe(statuses.attacker.length);
    // The last call that passes may take more units than were left.
    expect(passed).toBeLessThanOrEqual(1.1 * mayPass(rate, seconds) + 1);
    expect(passed).toBeGreaterThanOrEqual(0.9 * mayPass(rate, seconds - heldSeconds) - 1);
    // A try that gets through the bucket costs the table at most one call more than an honest
    // user's, and all others together one call a second and environment.
    const through = Math.ceil(1.1 * mayPass(rate, seconds) + 1);
    const each = Math.ceil(calls.honest / statuses.honest.length) + 1;
    const held = environmentCount * (seconds + 1);
    expect(calls.attacker).toBeLessThanOrEqual(through * each + held);
    expect(postsOf.attacker).toBeLessThanOrEqual(passed + 1);
  },
);
