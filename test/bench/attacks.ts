import WebSocket from "ws";
import type { Rate, RateKind } from "../../domain/rate.ts";
import { prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { call, freshId, giftType, liveStream, type Person, person, topUp } from "../api/people.ts";
import { viewer, wsUrl } from "../api/viewer.ts";
import { type Outcome, outcomeOf } from "./tally.ts";

/** A user who repeats one kind of action. */
type Client = { act(): Promise<Outcome>; end?(): void };

/** A kind of action that can be abused, and the limit for it in prod. */
export type Attack = {
  name: string;
  rate: Rate;
  /** Concurrent attempts of an attacker at full speed. */
  atOnce?: number;
  open(as: Person, fixture: Fixture): Promise<Client>;
};

/** The streams, gift type and other user that the actions need. */
export type Fixture = { streamIds: string[]; giftTypeId: string; other: Person };

/** Creates the fixture in the system at API_URL. */
export async function makeFixture(): Promise<Fixture> {
  const [streams, giftTypeId, other] = await Promise.all([
    Promise.all([liveStream(), liveStream(), liveStream()]),
    giftType(1),
    person(),
  ]);
  await call("GET /api/v1/wallet", { as: other });
  return { streamIds: streams.map(({ id }) => id), giftTypeId, other };
}

/** HTTP calls: a 2xx response is `done`, a 429 is `limited`, any other one is an error. */
const calls =
  (make: (as: Person, fixture: Fixture, at: number) => [route: string, body?: unknown]) =>
  async (as: Person, fixture: Fixture): Promise<Client> => {
    let at = 0;
    return {
      async act() {
        const [route, body] = make(as, fixture, at++);
        const { status, text } = await call(route, { as, ...(body !== undefined && { body }) });
        const outcome = outcomeOf(status);
        return outcome === `${status}` ? `${route}: ${status} ${text}` : outcome;
      },
    };
  };

/** HTTP calls that spend credits. */
const spending =
  (make: Parameters<typeof calls>[0]): Attack["open"] =>
  async (as, fixture) => {
    await topUp(as, 500_000);
    return calls(make)(as, fixture);
  };

/** Opens a socket and closes it. A handshake that is refused with 429 is `limited`. */
async function openAndLeave(as: Person): Promise<Outcome> {
  const socket = new WebSocket(`${wsUrl()}?token=${as.token}`);
  return new Promise((done) => {
    socket.once("open", () => {
      socket.close();
      socket.once("close", () => done("done"));
    });
    socket.once("unexpected-response", (_request, { statusCode }) => {
      done(statusCode === 429 ? "limited" : `handshake: ${statusCode}`);
      socket.terminate();
    });
    socket.on("error", () => {});
  });
}

/** A ping without a pong for this long counts as limited: limited pings get no reply. */
const silenceMilliseconds = 3_000;

/**
 * Pings on one socket. In a flood only the first limited ping gets an error; the others get
 * nothing.
 */
async function openPinging(as: Person): Promise<Client> {
  const { socket, send } = await viewer(as);
  const waiting = new Map<string, (outcome: Outcome) => void>();
  socket.on("message", (data) => {
    const { type, requestId, statusCode } = JSON.parse(data.toString());
    const limited = type === "error" && statusCode === 429;
    waiting.get(requestId)?.(type === "pong" ? "done" : limited ? "limited" : data.toString());
  });
  const act = async (): Promise<Outcome> => {
    const requestId = freshId();
    return new Promise((done) => {
      const timer = setTimeout(() => waiting.get(requestId)?.("limited"), silenceMilliseconds);
      waiting.set(requestId, (outcome) => {
        clearTimeout(timer);
        waiting.delete(requestId);
        done(outcome);
      });
      if (socket.readyState === WebSocket.OPEN) send({ action: "ping", requestId });
    });
  };
  return { act, end: () => socket.close() };
}

const stream = ({ streamIds }: Fixture, at: number) =>
  `/api/v1/live-stream/${streamIds[at % streamIds.length]}`;

/**
 * Calls of one route per second, and in a burst: the limit in units divided by the route's cost.
 */
function rateOf(kind: RateKind, route: string): Rate {
  const { contract } = rowsOf("endpoint").find((row) => row.contract.route === route)!;
  const units = unitsOf(contract.cost);
  const { perSecond, burst } = prodRates[kind];
  return { perSecond: perSecond / units, burst: burst / units };
}

/** Each kind of action that a client can perform, with prod's limits. */
export const attacks: readonly Attack[] = [
  {
    name: "reads",
    rate: rateOf("reads", "GET /api/v1/wallet"),
    open: calls(() => ["GET /api/v1/wallet"]),
  },
  {
    name: "bulk",
    rate: rateOf("bulk", "POST /api/v1/notifications/read-all"),
    open: calls(() => ["POST /api/v1/notifications/read-all"]),
  },
  {
    name: "writes",
    rate: rateOf("writes", "DELETE /api/v1/follow/{userId}"),
    open: calls((_as, { other }) => [`DELETE /api/v1/follow/${other.id}`]),
  },
  {
    name: "searches",
    rate: rateOf("searches", "GET /api/v1/users/search"),
    open: calls((_as, _fixture, at) => [`GET /api/v1/users/search?q=user${at % 7}`]),
  },
  {
    name: "chat",
    rate: rateOf("chat", "POST /api/v1/live-stream/{streamId}/chat/messages"),
    // Across several streams, because each has its own limit.
    open: calls((_as, fixture, at) => [
      `POST ${stream(fixture, at)}/chat/messages`,
      { content: `Message ${at}` },
    ]),
  },
  {
    name: "money (superlikes)",
    rate: rateOf("money", "POST /api/v1/live-stream/{streamId}/chat/superlike"),
    open: spending((_as, fixture, at) => [`POST ${stream(fixture, at)}/chat/superlike`]),
  },
  {
    name: "transfers",
    rate: rateOf("transfers", "POST /api/v1/messages/credit-transfer"),
    open: spending((_as, { other }) => [
      "POST /api/v1/messages/credit-transfer",
      { recipientId: other.id, amount: 1 },
    ]),
  },
  {
    name: "notifications",
    rate: rateOf("notifications", "POST /api/v1/notifications"),
    open: calls((as, _fixture, at) => [
      "POST /api/v1/notifications",
      {
        userId: as.id,
        type: "system",
        category: "live_stream",
        title: `Note ${at}`,
        message: "To oneself",
      },
    ]),
  },
  {
    name: "streams",
    rate: rateOf("streams", "POST /api/v1/live-stream/create"),
    open: calls((_as, _fixture, at) => [
      "POST /api/v1/live-stream/create",
      { title: `Show ${at}` },
    ]),
  },
  {
    name: "announcements",
    rate: rateOf("announcements", "POST /api/v1/live-stream/join-as-creator"),
    async open(as, fixture) {
      const { body } = await call("POST /api/v1/live-stream/create", {
        as,
        body: { title: "Mine" },
      });
      const liveStreamId = body.data.id;
      return calls(() => ["POST /api/v1/live-stream/join-as-creator", { liveStreamId }])(
        as,
        fixture,
      );
    },
  },
  {
    name: "polls",
    rate: rateOf("polls", "GET /api/v1/live-stream/{streamId}/events"),
    open: calls((_as, fixture, at) => [`GET ${stream(fixture, at)}/events?after=0`]),
  },
  {
    name: "tickets",
    rate: rateOf("tickets", "POST /api/v1/ws-tickets"),
    open: calls(() => ["POST /api/v1/ws-tickets"]),
  },
  {
    name: "handshakes",
    rate: prodRates.handshakes,
    // Fewer than the sockets that one user may open, which is a separate limit.
    atOnce: 4,
    open: async (as) => ({ act: () => openAndLeave(as) }),
  },
  { name: "messages", rate: prodRates.messages, atOnce: 100, open: openPinging },
];
