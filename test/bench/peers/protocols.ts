import WebSocket from "ws";
import { createFollower } from "../../../client/follower.ts";
import type { Message } from "../../../client/message.ts";
import type { Protocol } from "./contender.ts";

/** What a viewer tells of what it sees. */
type Seeing = {
  /** It is connected and watches: told again after each reconnecting. */
  watching(): void;
  /** A message of the server that carries events, shown or not. */
  frame(): void;
  /** An event that is shown. */
  event(content: string): void;
};

/** One viewer's side of a protocol, on one socket after the other. */
type Session = {
  /** What the next socket's URL asks for. */
  query?(): string;
  /** The socket is open. */
  open(send: (text: string) => void): void;
  take(text: string): void;
  /** The socket has gone. */
  close(): void;
  /** About once a second. */
  tick?(): void;
};

type EventMessage = { data: { content: string } };

/**
 * Texts that were parsed last: all viewers get the same ones, and here parsing is nobody's work.
 */
const parsed = new Map<string, unknown>();
const parsedMax = 64;

function parse<Value>(text: string): Value {
  let value = parsed.get(text);
  if (value === undefined) {
    value = JSON.parse(text);
    if (parsed.size >= parsedMax) parsed.delete(parsed.keys().next().value!);
    parsed.set(text, value);
  }
  return value as Value;
}

/**
 * After this many seconds without a frame a client of Ovation asks for the newest one. While frames
 * come there is nothing to ask: the next number shows what is missing.
 */
const pingSeconds = 15;

function followFrames(seeing: Seeing, streamId: string): Session {
  const follower = createFollower(streamId);
  let say: ((text: string) => void) | undefined;
  let untilPing = pingSeconds;
  let wanted = follower.wanted();
  const act = (steps: ReturnType<typeof follower.take>) => {
    for (const step of steps)
      if (step.do === "send") say?.(JSON.stringify(step.message));
      else if (step.do === "follow" || step.do === "reset") seeing.watching();
      else if (step.do === "show")
        for (const event of step.frame.events)
          if (event.type === "chat.message") seeing.event(event.data.content);
  };
  return {
    query() {
      wanted = follower.wanted();
      return new URLSearchParams(wanted).toString();
    },
    open(send) {
      say = send;
      act(follower.open(Date.now(), wanted));
    },
    take(text) {
      const message = parse<Message>(text);
      if (message.type === "events") {
        seeing.frame();
        untilPing = pingSeconds;
      }
      act(follower.take(message, Date.now()));
    },
    close() {
      say = undefined;
      follower.close();
    },
    tick() {
      act(follower.tick(Date.now()));
      untilPing -= 1;
      if (untilPing > 0) return;
      untilPing = pingSeconds;
      say?.('{"action":"ping"}');
    },
  };
}

/** Messages as they come, and nothing after a break. */
const followPlain = (seeing: Seeing): Session => ({
  open: seeing.watching,
  take(text) {
    seeing.frame();
    seeing.event(parse<EventMessage>(text).data.content);
  },
  close() {},
});

/**
 * Socket.IO's protocol 5 over Engine.IO 4 (https://socket.io/docs/v4/socket-io-protocol/), with
 * what its own client keeps for recovery. The client itself takes several times the CPU, and 1,000
 * of them would be what is measured.
 */
function followSocketIo(seeing: Seeing, offsets: boolean): Session {
  let say: ((text: string) => void) | undefined;
  let auth: Record<string, unknown> | undefined = offsets ? { serverOffset: -1 } : undefined;
  return {
    open(send) {
      say = send;
    },
    take(text) {
      if (text === "2") return say?.("3");
      if (text.startsWith("0")) return say?.(`40${auth ? JSON.stringify(auth) : ""}`);
      if (text.startsWith("40")) {
        const { pid } = parse<{ pid?: string }>(text.slice(2));
        // The first connecting begins at what is sent from now on, as with the other systems.
        if (!offsets && pid !== undefined) auth = { ...(auth?.pid === pid && auth), pid };
        return seeing.watching();
      }
      if (!text.startsWith("42")) return;
      seeing.frame();
      const [, message, offset] = parse<[string, EventMessage, unknown]>(text.slice(2));
      if (offsets) auth = { serverOffset: offset };
      else if (offset !== undefined) auth = { ...auth, offset };
      seeing.event(message.data.content);
    },
    close() {
      say = undefined;
    },
  };
}

const sessionOf = (protocol: Protocol, seeing: Seeing, streamId = ""): Session =>
  protocol === "frames"
    ? followFrames(seeing, streamId)
    : protocol === "plain"
      ? followPlain(seeing)
      : followSocketIo(seeing, protocol === "socket-io-offsets");

/** Where a viewer connects to, and from which address of this machine. */
type Place = { protocol: Protocol; url: string; streamId?: string; localAddress?: string };

const reconnectMilliseconds = { first: 200, most: 2_000 };

/** A viewer that connects, and connects again whenever its socket has gone. */
export function connectViewer({ protocol, url, streamId, localAddress }: Place, seeing: Seeing) {
  const session = sessionOf(protocol, seeing, streamId);
  let socket: WebSocket;
  let failures = 0;
  const connect = () => {
    const query = session.query?.();
    socket = new WebSocket(query === undefined ? url : `${url}&${query}`, {
      perMessageDeflate: false,
      ...(localAddress && { localAddress }),
    });
    socket.on("open", () => {
      failures = 0;
      session.open((text) => socket.send(text));
    });
    socket.on("message", (data) => session.take(data.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      session.close();
      const most = Math.min(
        reconnectMilliseconds.first * 2 ** failures,
        reconnectMilliseconds.most,
      );
      failures += 1;
      setTimeout(connect, Math.random() * most);
    });
  };
  connect();
  return { drop: () => socket.terminate(), tick: () => session.tick?.() };
}
