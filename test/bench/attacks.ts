import WebSocket from "ws";
import type { Rate } from "../../domain/rate.ts";
import { prodRates } from "../../lib/rates.ts";
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
  /** Tries at the same time of somebody who does it at full speed. */
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

/** Pings on one socket: those of a flood that are limited are not answered, but for the first. */
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

/** Each kind that a client can do by itself, in prod's numbers. */
export const attacks: readonly Attack[] = [
  { name: "reads", rate: prodRates.reads, open: calls(() => ["GET /api/v1/wallet"]) },
  {
    name: "writes",
    rate: prodRates.writes,
    open: calls(() => ["POST /api/v1/notifications/read-all"]),
  },
  {
    name: "searches",
    rate: prodRates.searches,
    open: calls((_as, _place, at) => [`GET /api/v1/users/search?q=user${at % 7}`]),
  },
  {
    name: "chat",
    rate: prodRates.chat,
    // In several streams, since each has the same limit for itself.
    open: calls((_as, place, at) => [
      `POST ${stream(place, at)}/chat/messages`,
      { content: `Message ${at}` },
    ]),
  },
  {
    name: "money (superlikes)",
    rate: prodRates.money,
    open: spending((_as, place, at) => [`POST ${stream(place, at)}/chat/superlike`]),
  },
  {
    name: "transfers",
    rate: prodRates.transfers,
    open: spending((_as, { other }) => [
      "POST /api/v1/messages/credit-transfer",
      { recipientId: other.id, amount: 1 },
    ]),
  },
  {
    name: "notifications",
    rate: prodRates.notifications,
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
    rate: prodRates.streams,
    open: calls((_as, _place, at) => ["POST /api/v1/live-stream/create", { title: `Show ${at}` }]),
  },
  {
    name: "announcements",
    rate: prodRates.announcements,
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
    rate: prodRates.polls,
    open: calls((_as, place, at) => [`GET ${stream(place, at)}/events?after=0`]),
  },
  { name: "tickets", rate: prodRates.tickets, open: calls(() => ["POST /api/v1/ws-tickets"]) },
  {
    name: "handshakes",
    rate: prodRates.handshakes,
    // Fewer than the sockets that a user may have, which is another limit.
    atOnce: 4,
    open: async (as) => ({ act: () => openAndLeave(as) }),
  },
  { name: "messages", rate: prodRates.messages, atOnce: 100, open: openPinging },
];
