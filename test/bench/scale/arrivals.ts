import { createFollower } from "../../../client/follower.ts";
import { createCaller } from "../../../client/http.ts";
import type { Message } from "../../../client/message.ts";
import { createReconnectingSocket } from "../../../client/reconnecting-socket.ts";
import { createTokenCache } from "../../../client/token.ts";
import { profileOf } from "../../../domain/people/user.ts";
import { handler as openConnection } from "../../../functions/log/realtime/connect.ts";
import { handler as takeSubscribe } from "../../../functions/log/realtime/subscribe.ts";
import { handler as listGiftTypes } from "../../../functions/money/gifts/list-types.ts";
import { handler as listMessages } from "../../../functions/streams/chat/list-messages.ts";
import { handler as getStream } from "../../../functions/streams/get.ts";
import { handler as joinStream } from "../../../functions/streams/join.ts";
import { contextOf } from "../../../platform/auth/caller.ts";
import { isRevoked } from "../../../platform/auth/revocations.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import type { Payload } from "../../../platform/push/gateway.ts";
import { createJobs } from "../../../platform/push/jobs.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { resumeAll } from "../../../platform/push/resume.ts";
import { postSliceJob } from "../../../platform/push/slice-job.ts";
import type { SocketEvent } from "../../../platform/realtime/socket.ts";
import { keyText } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { callEndpoint } from "../../platform/api-call.ts";
import { quantile, round } from "../figures.ts";
import { busiestOf } from "./busiest.ts";
import { createChance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { separateGovernors } from "./environments.ts";
import { createExecutions, prodLimits, Throttled } from "./executions.ts";
import { type Connection, createGateway } from "./gateway.ts";
import { createLambda } from "./lambda.ts";
import { createPeople, streamId } from "./people.ts";
import { type Figures, pushed } from "./room.ts";
import { createTable, type Item } from "./table.ts";
import { noUse } from "./usage-costs.ts";

/**
 * Viewers who open one room in an account whose functions share its executions, with prod's
 * reservations. `account` replaces the number of executions of prod's account.
 */
export type ArrivalCase = {
  arriving: number;
  seconds: number;
  seed: number;
  account?: number;
  /** The share that comes in the first sixth of the time, as after a notification. */
  early?: number;
};

const earlyPart = 1 / 6;
/** How long it may take until all are in after the last arrival, in seconds. */
const restSeconds = 60;
/** From a viewer to the gateway and back, in milliseconds: median and 99th percentile. */
const network = [40, 150] as const;
/** The API's own throttle in prod, and the account's new connections. */
const throttles = { calls: [2_000, 4_000], connects: [500, 500] } as const;
const postRate = 8_000;
const quota = { perSecond: 10_000, burst: 5_000 };

const userIdOf = (n: number) => n.toString(16).padStart(24, "0");

/** A token bucket: whether there is one for one more. */
function createBucket(clock: Clock, [perSecond, burst]: readonly [number, number]) {
  let [tokens, at] = [burst, clock.now()];
  return () => {
    tokens = Math.min(burst, tokens + ((clock.now() - at) / 1000) * perSecond);
    at = clock.now();
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** The calls with which a page opens a stream, after the stream itself. */
const paths = {
  stream: `/api/v1/live-stream/${streamId}`,
  join: "/api/v1/live-stream/join",
  messages: `/api/v1/live-stream/${streamId}/chat/messages`,
  types: "/api/v1/gifts/gift-types",
} as const;
const path = { streamId };
const routes: Record<string, { name: string; handler: unknown; given: object }> = {
  [paths.stream]: { name: "streams/get", handler: getStream, given: { path } },
  [paths.join]: {
    name: "streams/join",
    handler: joinStream,
    given: { body: { liveStreamId: streamId } },
  },
  [paths.messages]: { name: "chat/list-messages", handler: listMessages, given: { path } },
  [paths.types]: { name: "gifts/list-types", handler: listGiftTypes, given: {} },
};

/** The room with the real functions that push, and the account that they and all calls share. */
function openRoom(clock: Clock, given: ArrivalCase) {
  const [chance, use] = [createChance(given.seed), noUse()];
  const limits = prodLimits();
  const executions = createExecutions(clock, chance, {
    ...limits,
    account: given.account ?? limits.account,
  });
  let lambda: ReturnType<typeof createLambda> | undefined;
  const table = createTable(clock, chance, use, (old: Item | undefined, now: Item) => {
    if (pushed.test(keyText(now))) lambda?.write(old, now);
  });
  useTable(table.client);
  const people = createPeople(clock, chance, given.arriving, (item) =>
    lambda!.write(undefined, item),
  );
  table.put({ ...key.profile("host"), ...profileOf("host", {}, new Date()) });
  table.put({ ...key.stream(streamId), ...people.stream });
  const log = { epoch: "simulated", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
  table.put({ ...key.log(streamId), ...log });
  const connections = new Map<string, Connection>();
  const gateway = createGateway(clock, chance, use, quota, (id) => connections.get(id));
  const { others, large } = separateGovernors(postRate);
  const outlet = { poster: gateway.poster, governor: others, jobs: createJobs() };
  const caches = { fanOut: createPushCache(), post: createPushCache() };
  const functions = {
    async fanOut({ Records }: { Records: never[] }) {
      await pushBatch({ now: new Date(), cache: caches.fanOut, outlet }, Records);
      return { batchItemFailures: [] };
    },
    post: ((invokeSlice) =>
      async ({ Records }) => {
        const own = { ...outlet, governor: large, invokeSlice };
        const push = { now: new Date(), cache: caches.post, outlet: own };
        return { batchItemFailures: await postRooms(push, Records) };
      }) as Parameters<typeof createLambda>[3]["post"],
    postSlice: ((job, cache) =>
      postSliceJob(
        { now: new Date(), cache, outlet: { ...outlet, governor: large } },
        job,
      )) as Parameters<typeof createLambda>[3]["postSlice"],
    resume: ((records, cache) =>
      resumeAll({ now: new Date(), cache, outlet }, records)) as Parameters<
      typeof createLambda
    >[3]["resume"],
  };
  lambda = createLambda(clock, chance, use, functions as never, executions);
  lambda.start();
  return { chance, executions, table, people, connections, gateway, lambda };
}

type Room = ReturnType<typeof openRoom>;

/** The gateway before the functions: its throttles, the authorizer with its cache, and 503s. */
function createDoor(clock: Clock, { chance, executions, gateway }: Room) {
  const admitsCall = createBucket(clock, throttles.calls);
  const admitsConnect = createBucket(clock, throttles.connects);
  const authorized = new Set<string>();
  const statuses = new Map<number, number>();
  const token = { issuedAt: clock.now() / 1000, tokenId: "" };
  const authorize = (name: string, userId: string) =>
    executions.run(name, () => isRevoked({ userId, ...token }));
  const refusedBy = (error: unknown) => {
    if (error instanceof Throttled) return { status: 503, body: {} };
    throw error;
  };
  const count = ({ status, body }: { status: number; body: object }) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return { status, body };
  };

  async function call(userId: string, pathname: string, idempotencyKey: string | null) {
    await clock.wait(chance.around(...network) / 2);
    if (!admitsCall() || !gateway.admits()) return count({ status: 429, body: {} });
    const { name, handler, given } = routes[pathname]!;
    const sent = { as: userId, ...given, ...(idempotencyKey && { key: idempotencyKey }) };
    try {
      if (!authorized.has(userId)) await authorize("auth/http", userId);
      authorized.add(userId);
      return count(await executions.run(name, () => callEndpoint(handler, sent)));
    } catch (error) {
      return count(refusedBy(error));
    } finally {
      await clock.wait(chance.around(...network) / 2);
    }
  }

  /** One step of a connection; the status of the handshake. */
  async function step(name: string, handler: Step, userId: string, event: SocketEvent) {
    const roles: [] = [];
    const expiresAt = Math.floor(clock.now() / 1000) + 3_600;
    const caller = { userId, roles, claims: {}, ...token, expiresAt };
    const requestContext = { ...event.requestContext, authorizer: contextOf(caller) };
    return executions.run(name, () => handler({ ...event, requestContext }));
  }

  async function connect(userId: string, event: SocketEvent): Promise<number> {
    await clock.wait(chance.around(...network));
    if (!admitsConnect() || !gateway.admits()) return count({ status: 429, body: {} }).status;
    try {
      await authorize("auth/socket", userId);
      const { statusCode } = await step("realtime/connect", openConnection, userId, event);
      return count({ status: statusCode, body: {} }).status;
    } catch (error) {
      return count(refusedBy(error)).status;
    }
  }

  async function send(userId: string, event: SocketEvent): Promise<void> {
    await clock.wait(chance.around(...network));
    if (!gateway.admits()) return;
    await step("realtime/subscribe", takeSubscribe, userId, event).catch(refusedBy);
  }

  return { call, connect, send, statuses };
}

type Step = (event: SocketEvent) => Promise<{ statusCode: number }>;
type Door = ReturnType<typeof createDoor>;

/** Parses a message once for all viewers that it goes to. */
function createParser() {
  const known = new WeakMap<Payload, Message>();
  return (payload: Payload): Message => {
    const message = known.get(payload) ?? JSON.parse(payload.bytes.toString());
    known.set(payload, message);
    return message;
  };
}

/** How long a viewer took, in milliseconds: to the page's calls, and to the room's frames. */
type Arrival = { page?: number; room?: number; gaveUp: number };

/** What a viewer's page is given: who they are, and where its calls and sockets go. */
type Page = { clock: Clock; room: Room; door: Door; n: number };

/** Makes the page's calls, with the client's own retries. */
function callerOf({ door, n }: Page) {
  const userId = userIdOf(n);
  const fetcher = (async (url: string, { method, headers }: RequestInit) => {
    const idempotencyKey = method === "POST" ? new Headers(headers).get("idempotency-key") : null;
    const { status, body } = await door.call(userId, new URL(url).pathname, idempotencyKey);
    const more = status === 503 || status === 429 ? { "retry-after": "1" } : undefined;
    return new Response(JSON.stringify(body), { status, ...(more && { headers: more }) });
  }) as typeof fetch;
  return createCaller("https://simulated.example", createTokenCache(userId), fetcher);
}

/** The page's WebSocket: it opens by a handshake at the door, and takes what is posted to it. */
function socketOf({ clock, room, door, n }: Page, take: (payload: Payload) => void) {
  const userId = userIdOf(n);
  let sockets = 0;
  return class Socket {
    readyState = 0;
    onopen: ((event: never) => void) | null = null;
    onmessage = null;
    onclose: ((event: never) => void) | null = null;
    onerror = null;
    readonly id =
      `Q${n.toString(36).padStart(8, "0")}${(++sockets).toString(36).padStart(3, "0")}AE=`;
    readonly connectedAt = clock.now();
    constructor(url: string) {
      void this.open(url);
    }
    eventOf(eventType: "CONNECT" | "MESSAGE", more: object): SocketEvent {
      const { id: connectionId, connectedAt } = this;
      return { requestContext: { connectionId, connectedAt, eventType }, ...more };
    }
    async open(url: string): Promise<void> {
      const query = Object.fromEntries(new URL(url).searchParams);
      const event = this.eventOf("CONNECT", { queryStringParameters: query });
      const status = await door.connect(userId, event);
      if (status !== 200) return this.onclose?.({} as never);
      this.readyState = 1;
      room.connections.set(this.id, { isOpen: true, isSlow: false, take });
      this.onopen?.({} as never);
    }
    send(body: string): void {
      void door.send(userId, this.eventOf("MESSAGE", { body }));
    }
    close(): void {
      room.connections.delete(this.id);
      this.readyState = 3;
    }
  };
}

/**
 * A page opens the stream with the client's own retries: of calls, of the socket, of subscribes.
 */
function arrive(page: Page, parse: (payload: Payload) => Message): Arrival {
  const { clock, n } = page;
  const began = clock.now();
  const arrival: Arrival = { gaveUp: 0 };
  const call = callerOf(page);
  const ask = (method: string, where: string) =>
    call(method, where, method === "POST" ? {} : undefined).catch(() => {
      arrival.gaveUp += 1;
    });
  const follower = createFollower(streamId);
  let socket: ReturnType<typeof createReconnectingSocket>;
  function act(steps: ReturnType<typeof follower.take>): void {
    if (follower.isSubscribed()) arrival.room ??= clock.now() - began;
    for (const one of steps) if (one.do === "send") socket.send(one.message);
  }
  function tick(): void {
    act(follower.tick(clock.now()));
    clock.at(clock.now() + 1_000, tick);
  }
  async function load(): Promise<void> {
    await ask("GET", paths.stream);
    const take = (payload: Payload) => act(follower.take(parse(payload), clock.now()));
    socket = createReconnectingSocket({
      url: "wss://simulated.example/ws",
      report: console.error,
      WebSocket: socketOf(page, take),
      admission: {
        renew: () => false,
        isOver: () => false,
        overReason: "",
        get: async () => ({ protocols: ["bearer", userIdOf(n)] }),
      },
      wanted: follower.wanted,
      onOpen: (wanted) => act(follower.open(clock.now(), wanted)),
      onMessage: () => {},
      onClose: () => follower.close(),
      onEnd: () => {},
    });
    clock.at(clock.now() + 1_000, tick);
    const rest = [ask("POST", paths.join), ask("GET", paths.messages), ask("GET", paths.types)];
    await Promise.all(rest);
    arrival.page = clock.now() - began;
  }
  void load();
  return arrival;
}

/** Simulates the arrivals on a clock that is installed. */
export async function simulateArrivals(clock: Clock, given: ArrivalCase): Promise<Figures> {
  const { arriving, seconds, early = 0 } = given;
  const began = clock.now();
  const room = openRoom(clock, given);
  // The client's jitter: the same seed gives the same figures.
  Math.random = createChance(given.seed + 1).next;
  const [door, parse] = [createDoor(clock, room), createParser()];
  const arrivals: Arrival[] = [];
  for (let n = 0; n < arriving; n++) {
    const isEarly = room.chance.hits(early);
    const at = room.chance.next() * (isEarly ? earlyPart : 1) * seconds * 1000;
    room.table.put({ ...key.profile(userIdOf(n)), ...profileOf(userIdOf(n), {}, new Date()) });
    clock.at(began + at, () => void arrivals.push(arrive({ clock, room, door, n }, parse)));
  }
  const end = began + (seconds + restSeconds) * 1000;
  void room.people.live(end, { messagesPerSecond: arriving / 1667, giftsPerSecond: 0.2 });
  await clock.run(began + seconds * 1000);
  const isIn = (of: Arrival) => of.page !== undefined && of.room !== undefined;
  while (clock.now() < end && !arrivals.every(isIn)) await clock.run(clock.now() + 1_000);
  return figuresOf(room, door, arrivals, given);
}

function figuresOf(room: Room, door: Door, arrivals: Arrival[], given: ArrivalCase): Figures {
  const { shared, most, mostOf, ...of } = room.executions.report();
  const secondsOf = (times: (number | undefined)[], share: number) =>
    round(
      quantile(
        times.filter((time) => time !== undefined),
        share,
      ) / 1000,
    );
  const [pages, rooms] = [arrivals.map(({ page }) => page), arrivals.map(({ room }) => room)];
  return {
    viewers: given.arriving,
    "executions for calls": shared,
    "of them at once, most": most,
    "authorizers at once, most": mostOf("auth/http"),
    invocations: of.calls,
    "cold starts": of.cold,
    "throttled by the pool": of.throttledOfPool,
    "throttled by a reservation": of.throttledOfReserved,
    "calls answered 503": door.statuses.get(503) ?? 0,
    "calls answered 429": door.statuses.get(429) ?? 0,
    "page s, p50": secondsOf(pages, 0.5),
    "page s, p99": secondsOf(pages, 0.99),
    "page s, last": secondsOf(pages, 1),
    "in the room s, p50": secondsOf(rooms, 0.5),
    "in the room s, p99": secondsOf(rooms, 0.99),
    "in the room s, last": secondsOf(rooms, 1),
    "calls given up": arrivals.reduce((sum, { gaveUp }) => sum + gaveUp, 0),
    "pages not loaded": pages.filter((time) => time === undefined).length,
    "not in the room": rooms.filter((time) => time === undefined).length,
    "failed batches": room.lambda.report().failures,
    "posts/s most": room.gateway.report().postsPerSecondMost,
    throttled: room.table.throttled(),
    ...busiestOf(room.table),
  };
}
