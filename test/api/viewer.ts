import WebSocket from "ws";
import type { Person } from "./people.ts";
import { recordCall } from "./recorder.ts";

// biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into messages of any shape.
export type Message = any;

/** A raw socket: it keeps all messages and follows only the protocol. */
export type Viewer = {
  socket: WebSocket;
  messages: Message[];
  send(message: unknown): void;
  /** Waits for the first matching message, from the `from`th on. */
  next(fits: (message: Message) => boolean, from?: number): Promise<Message>;
  /** All events that were pushed, in the order of arrival. */
  events(): Message[];
  close(): void;
};

export const wsUrl = () => process.env.WS_URL!;

type Wish = { query?: Record<string, string>; protocols?: string[] };

/** Opens a socket with the person's token in the query. */
export async function viewer(
  as: Person,
  { query = {}, protocols = [] }: Wish = {},
): Promise<Viewer> {
  const parameters = new URLSearchParams({ token: as.token, ...query });
  return open(`${wsUrl()}?${parameters}`, protocols);
}

export async function open(url: string, protocols: string[] = []): Promise<Viewer> {
  const socket = new WebSocket(url, protocols);
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    const message: Message = JSON.parse(data.toString());
    recordCall({ message });
    messages.push(message);
    for (const look of waiting) look();
  });
  await new Promise((done, failed) => {
    socket.once("open", done);
    socket.once("error", failed);
  });
  return {
    socket,
    messages,
    send(message) {
      if (typeof message !== "string") recordCall({ message });
      socket.send(typeof message === "string" ? message : JSON.stringify(message));
    },
    next: (fits, from = 0) => wait(messages, waiting, fits, from),
    events: () => messages.flatMap((message) => (message.type === "events" ? message.events : [])),
    close: () => socket.close(),
  };
}

/** When its socket closes, in milliseconds since 1970. */
export const closeOf = ({ socket }: Viewer) =>
  new Promise<number>((done) => socket.once("close", () => done(Date.now())));

/** Long enough for a busy machine: the limit only ends tests that would wait for nothing. */
const waitMilliseconds = 120_000;

function wait(
  messages: Message[],
  waiting: Set<() => void>,
  fits: (message: Message) => boolean,
  from: number,
): Promise<Message> {
  return new Promise((done, failed) => {
    const look = () => {
      const found = messages.slice(from).find(fits);
      if (found === undefined) return;
      clearTimeout(timer);
      waiting.delete(look);
      done(found);
    };
    const timer = setTimeout(() => {
      waiting.delete(look);
      failed(
        new Error(`The message never arrived. Received: ${JSON.stringify(messages).slice(-2000)}`),
      );
    }, waitMilliseconds);
    waiting.add(look);
    look();
  });
}

/** Opens a socket and subscribes to a stream. */
export async function watch(as: Person, streamId: string): Promise<Viewer> {
  const watching = await viewer(as);
  watching.send({ action: "subscribe", streamId });
  await watching.next((message) => message.type === "subscribed" && message.streamId === streamId);
  return watching;
}

/** The status of a refused handshake. */
export async function refusedHandshake(url: string, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(url, protocols);
  return new Promise((done, failed) => {
    socket.once("unexpected-response", (_request, response) => {
      done(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once("open", () => {
      socket.terminate();
      failed(new Error("The handshake was accepted"));
    });
    socket.on("error", () => {});
  });
}

/** Selects messages of a type. */
export const ofType = (type: string) => (message: Message) => message.type === type;

/** Selects messages with this sum of likes or of a moment. */
export const sumIs = (id: string, sum: unknown) => (message: Message) =>
  JSON.stringify(message.sums?.[id]) === JSON.stringify(sum);
