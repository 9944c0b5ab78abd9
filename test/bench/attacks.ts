import WebSocket from "ws";
import type { Rate, RateKind } from "../../domain/rate.ts";
import { prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { call, freshId, giftType, liveStream, type Person, person, topUp } from "../api/people.ts";
import { viewer, wsUrl } from "../api/viewer.ts";

/** What became of one try: anything but `done` and `limited` is an error, in words. */
export type Outcome = "done" | "limited" | string;

/** One user who can do one kind of thing, again and again. */
type Hand = { act(): Promise<Outcome>; end?(): void };

/** A kind of thing that can be done too often, with the limit that holds for it in prod. */
export type Attack = {
  name: string;
  rate: Rate;
  /** Concurrent attempts of an attacker at full speed. */
  atOnce?: number;
  open(as: Person, place: Place): Promise<Hand>;
};

/** What all of them do it in or with. */
export type Place = { streamIds: string[]; giftTypeId: string; other: Person };

/** The place of the attacks, made in the system at API_URL. */
export async function makePlace(): Promise<Place> {
  const [streams, giftTypeId, other] = await Promise.all([
    Promise.all([liveStream(), liveStream(), liveStream()]),
    giftType(1),
    person(),
  ]);
  await call("GET /api/v1/wallet", { as: other });
  return { streamIds: streams.map(({ id }) => id), giftTypeId, other };
}

/** Calls of HTTP: each answer of 2xx is done, 429 limited, and everything else an error. */
const calls =
  (make: (as: Person, place: Place, at: number) => [route: string, body?: unknown]) =>
  async (as: Person, place: Place): Promise<Hand> => {
    let at = 0;
    return {
      async act() {
        const [route, body] = make(as, place, at++);
        const { status, text } = await call(route, { as, ...(body !== undefined && { body }) });
        if (status === 429) return "limited";
        return status < 300 ? "done" : `${route}: ${status} ${text}`;
      },
    };
  };

/** Calls of HTTP that take credits. */
const spending =
  (make: Parameters<typeof calls>[0]): Attack["open"] =>
  async (as, place) => {
    await topUp(as, 500_000);
    return calls(make)(as, place);
  };

/** A socket opened and left, which is limited where the handshake is refused with 429. */
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

/** How long a ping may go without its pong before it counts as limited: silence is the answer. */
const silenceMilliseconds = 3_000;

/** Pings on one socket: those of a flood that are limited are not answered, except the first. */
async function openPinging(as: Person): Promise<Hand> {
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

const stream = ({ streamIds }: Place, at: number) =>
  `/api/v1/live-stream/${streamIds[at % streamIds.length]}`;

/** Calls of one route that pass, a second and at once: units by what one of them takes. */
function rateOf(kind: RateKind, route: string): Rate {
  const { contract } = rowsOf("endpoint").find((row) => row.contract.route === route)!;
  const units = unitsOf(contract.cost);
  const { perSecond, burst } = prodRates[kind];
  return { perSecond: perSecond / units, burst: burst / units };
}

/** Each kind that a client can do by itself, in prod's numbers. */
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
    open: calls((_as, _place, at) => [`GET /api/v1/users/search?q=user${at % 7}`]),
  },
  {
    name: "chat",
    rate: rateOf("chat", "POST /api/v1/live-stream/{streamId}/chat/messages"),
    // In several streams, since each has the same limit for itself.
    open: calls((_as, place, at) => [
      `POST ${stream(place, at)}/chat/messages`,
      { content: `Message ${at}` },
    ]),
  },
  {
    name: "money (superlikes)",
    rate: rateOf("money", "POST /api/v1/live-stream/{streamId}/chat/superlike"),
    open: spending((_as, place, at) => [`POST ${stream(place, at)}/chat/superlike`]),
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
    open: calls((as, _place, at) => [
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
    open: calls((_as, _place, at) => ["POST /api/v1/live-stream/create", { title: `Show ${at}` }]),
  },
  {
    name: "announcements",
    rate: rateOf("announcements", "POST /api/v1/live-stream/join-as-creator"),
    async open(as, place) {
      const { body } = await call("POST /api/v1/live-stream/create", {
        as,
        body: { title: "Mine" },
      });
      const liveStreamId = body.data.id;
      return calls(() => ["POST /api/v1/live-stream/join-as-creator", { liveStreamId }])(as, place);
    },
  },
  {
    name: "polls",
    rate: rateOf("polls", "GET /api/v1/live-stream/{streamId}/events"),
    open: calls((_as, place, at) => [`GET ${stream(place, at)}/events?after=0`]),
  },
  {
    name: "tickets",
    rate: rateOf("tickets", "POST /api/v1/ws-tickets"),
    open: calls(() => ["POST /api/v1/ws-tickets"]),
  },
  {
    name: "handshakes",
    rate: prodRates.handshakes,
    // Fewer than the sockets that a user may have, which is another limit.
    atOnce: 4,
    open: async (as) => ({ act: () => openAndLeave(as) }),
  },
  { name: "messages", rate: prodRates.messages, atOnce: 100, open: openPinging },
];
