import WebSocket from "ws";
import { createFollower } from "../../client/follower.ts";
import type { Frame, Message } from "../../client/message.ts";
import type { Person } from "./people.ts";
import { wsUrl } from "./viewer.ts";

/** How a member leaves: with a WebSocket close, or with a connection that only ends. */
export type Leaving = "closes" | "breaks";

/** One viewer of a crowd, on successive sockets; the position survives reconnects. */
export type Member = {
  /**
   * Opens a socket and subscribes, since the position if there is one. Resolves with the response.
   */
  come(): Promise<void>;
  /** Resolves when the socket is gone. */
  leave(how: Leaving): Promise<void>;
  /** The last frame shown; 0 before the first one. */
  at(): number;
  /** Waits until the member has shown a frame, or a later one. */
  reach(frame: number): Promise<void>;
  /** Requests the heads that the server reports. */
  askHeads(): Promise<Record<string, number>>;
};

/** After this time without a frame, a member pings for the newest frame, as the client does. */
const pingMilliseconds = 10_000;
const tickMilliseconds = 1_000;

/**
 * Viewers of one stream, in any number: each follows the client's rules. Frames are checked on
 * arrival, so that no viewer has to keep all of them: each must be the successor of the last one,
 * and byte for byte what the first viewer received.
 */
export function createCrowd(streamId: string) {
  const texts = new Map<number, string>();
  const faults: string[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const ticks = new Set<() => void>();
  const waiting = new Set<() => void>();
  const counts = { sockets: 0, subscribes: 0, shown: 0 };
  let newest = 0;
  let parsed: { text: string; message: Message } | undefined;
  const timer = setInterval(() => {
    for (const tick of ticks) tick();
  }, tickMilliseconds);

  function fault(what: string): void {
    faults.push(what);
    failed.reject(new Error(what));
  }

  /** All viewers get the same texts at about the same time: each is parsed once. */
  function read(text: string): Message {
    if (parsed?.text !== text) parsed = { text, message: JSON.parse(text) };
    return parsed.message;
  }

  function check(name: string, last: number, { frame }: Frame, text: string): void {
    counts.shown += 1;
    if (frame !== last + 1) fault(`${name} showed ${frame} after ${last}`);
    const known = texts.get(frame);
    if (known === undefined) texts.set(frame, text);
    else if (known !== text) fault(`${name} was sent another frame ${frame} than others`);
    if (known !== undefined) return;
    newest = Math.max(newest, frame);
    for (const look of waiting) look();
  }

  function member(name: string, as: Person): Member {
    const follower = createFollower(streamId);
    const at = () => follower.position()?.frame ?? 0;
    const reaching = new Set<{ frame: number; done(): void }>();
    let socket: WebSocket | undefined;
    let subscribed: (() => void) | undefined;
    let heads: ((said: Record<string, number>) => void) | undefined;
    let pingAt = 0;

    function act(steps: ReturnType<typeof follower.take>, text = "", last = 0): void {
      for (const step of steps)
        if (step.do === "send") {
          counts.subscribes += 1;
          socket?.send(JSON.stringify(step.message));
        } else if (step.do === "show") check(name, last, step.frame, text);
        else if (step.do === "follow") subscribed?.();
        else fault(`${name}: ${JSON.stringify(step)}`);
    }
    function take(text: string): void {
      const message = read(text);
      const last = at();
      act(follower.take(message, Date.now()), text, last);
      if (message.type === "pong") heads?.(message.heads);
      if (at() === last) return;
      pingAt = Date.now() + pingMilliseconds;
      for (const one of reaching)
        if (at() >= one.frame) {
          reaching.delete(one);
          one.done();
        }
    }
    function tick(): void {
      act(follower.tick(Date.now()));
      if (Date.now() < pingAt || socket?.readyState !== WebSocket.OPEN) return;
      pingAt = Date.now() + pingMilliseconds;
      socket.send('{"action":"ping"}');
    }

    return {
      at,
      async come() {
        const opened = new WebSocket(wsUrl(), ["bearer", as.token], { perMessageDeflate: false });
        socket = opened;
        counts.sockets += 1;
        const answered = new Promise<void>((done) => {
          subscribed = done;
        });
        opened.on("message", (data) => socket === opened && take(data.toString()));
        await new Promise((done, fail) => {
          opened.once("open", done);
          opened.once("error", fail);
        });
        // From here on a socket that closes unexpectedly is a fault, not a crash of the test
        // process.
        opened.on("error", (error) => fault(`${name}: ${error}`));
        opened.once("close", (code) => {
          if (socket === opened) fault(`${name}: the socket was closed with ${code}`);
        });
        pingAt = Date.now() + pingMilliseconds;
        ticks.add(tick);
        act(follower.open(Date.now()));
        await answered;
      },
      async leave(how) {
        const left = socket!;
        socket = undefined;
        ticks.delete(tick);
        follower.close();
        const gone = new Promise((done) => left.once("close", done));
        if (how === "closes") left.close();
        else left.terminate();
        await gone;
      },
      reach: (frame) =>
        new Promise((done) => {
          if (at() >= frame) done();
          else reaching.add({ frame, done });
        }),
      askHeads: () =>
        new Promise((done) => {
          heads = done;
          socket!.send('{"action":"ping"}');
        }),
    };
  }

  return {
    member,
    counts,
    /** Faults in what a viewer received: gaps, duplicates, other bytes, lost sockets. */
    faults,
    /** Waits for what viewers do; rejects at the first fault, after which they may wait forever. */
    until: <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed.promise]),
    /** Each frame that any viewer has shown, by number, as received. */
    texts,
    /** Waits until a viewer receives a matching event; returns its frame. */
    hear: (fits: (event: Frame["events"][number]) => boolean): Promise<Frame> =>
      new Promise((done) => {
        const look = () => {
          const message = parsed?.message;
          if (message?.type !== "events" || !message.events.some(fits)) return;
          waiting.delete(look);
          done(message);
        };
        waiting.add(look);
      }),
    /** Waits until a viewer has received this frame or a later one. */
    reach: (frame: number): Promise<void> =>
      new Promise((done) => {
        const look = () => {
          if (newest < frame) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
    end: () => clearInterval(timer),
  };
}

/**
 * Limits concurrent connects, with a minimum gap between two: an account takes 500 new connections
 * a second.
 */
export function createDoor(atOnce: number, gapMilliseconds: number) {
  const line: (() => void)[] = [];
  let free = atOnce;
  let nextAt = 0;
  return async (pass: () => Promise<void>): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => line.push(go));
    nextAt = Math.max(nextAt + gapMilliseconds, Date.now());
    await new Promise((done) => setTimeout(done, Math.max(0, nextAt - Date.now())));
    try {
      await pass();
    } finally {
      const next = line.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
