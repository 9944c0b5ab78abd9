import { WebSocket } from "ws";
import {
  type Client,
  createClient,
  type Event,
  type Frame,
  type Options,
  type Position,
} from "../../client/index.ts";

/** A user with a token of the local issuer. */
export type Person = { id: string; token: string };

/** The calls of a test to its own system. */
export function callsOf(url: string) {
  const post = (path: string, body: unknown, token?: string) => send("POST", path, body, token);
  async function send(method: string, path: string, body?: unknown, token?: string) {
    const answer = await fetch(url + path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
  return {
    send,
    async person(id: string): Promise<Person> {
      return { id, token: (await post("/local/token", { sub: id })).token };
    },
    /** A new stream that is live. */
    async liveStream(host: Person): Promise<string> {
      const made = await post("/api/v1/live-stream/create", { title: "Live" }, host.token);
      const liveStreamId: string = made.data.id;
      await post("/api/v1/live-stream/join-as-creator", { liveStreamId }, host.token);
      return liveStreamId;
    },
    say: (as: Person, streamId: string, content: string) =>
      post(`/api/v1/live-stream/${streamId}/chat/messages`, { content }, as.token),
    /** The whole log, read over HTTP. */
    async log(as: Person, streamId: string): Promise<Frame[]> {
      const frames: Frame[] = [];
      for (;;) {
        const after = frames.at(-1)?.frame ?? 0;
        const path = `/api/v1/live-stream/${streamId}/events?after=${after}`;
        const { data } = await send("GET", path, undefined, as.token);
        if (data.frames.length === 0) return frames;
        frames.push(...data.frames);
      }
    },
    switches: (body: object) => post("/local/streams", body),
    fault: (body: object) => post("/local/faults", body),
    clearFaults: () => send("DELETE", "/local/faults"),
  };
}

/** A viewer that keeps every frame it was shown and counts its requests. */
export type Watcher = {
  client: Client;
  frames: Frame[];
  resets: number;
  subscribes: () => number;
  sockets: WebSocket[];
  /** The frame after which this viewer receives every frame, once it is subscribed. */
  begin: () => number | undefined;
};

/** Opens a viewer with the published client. Positions outlive its sockets. */
export function watch(
  url: string,
  token: string,
  streamId: string,
  compact = false,
  since?: Position,
): Watcher {
  const sockets: WebSocket[] = [];
  let subscribes = 0;
  class Counted extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols);
      sockets.push(this);
      // Copied now: later the position would include frames shown meanwhile.
      this.on("message", (data) => {
        const { type, head } = JSON.parse(data.toString()) as { type: string; head: number };
        if (type === "subscribed") begin ??= since?.frame ?? head;
      });
    }
    override send(data: never): void {
      if (String(data).includes('"subscribe"')) subscribes += 1;
      super.send(data);
    }
  }
  const options: Options = {
    url,
    token,
    compact,
    WebSocket: Counted as unknown as NonNullable<Options["WebSocket"]>,
    pingMilliseconds: 3_000,
  };
  let begin: number | undefined;
  const client = createClient(options);
  const watcher: Watcher = {
    client,
    frames: [],
    resets: 0,
    subscribes: () => subscribes,
    sockets,
    begin: () => begin,
  };
  client.subscribe(streamId, {
    ...(since && { since }),
    onFrame: (frame) => watcher.frames.push(frame),
    onReset: () => {
      watcher.resets += 1;
    },
  });
  return watcher;
}

/** Waits until something holds, for two minutes at most. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`It never came: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** The text of a chat message; undefined for other events. */
export const textOf = (event: Event) => (event.type === "chat.message" ? event.data.content : "");

/** Whether a frame of a watcher has this text. */
export const hears = ({ frames }: Watcher, text: string) =>
  frames.some(({ events }) => events.some((event) => textOf(event) === text));
