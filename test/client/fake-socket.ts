import { jest } from "@jest/globals";
import { createClient, type Options } from "../../client/index.ts";
import { messageOfUrl } from "./frame-server.ts";

export const streamId = "64d15f9e2e6c8f4d5a123000";

type Sent = { action: string; streamId?: string; requestId?: string; since?: object };

/** A socket that the test controls. */
export class FakeSocket {
  readyState = 0;
  sent: Sent[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  readonly protocols: string[];
  readonly token: string;
  constructor(url: string, protocols: string[] = []) {
    this.url = url;
    this.protocols = protocols;
    this.token = protocols[1] ?? "";
  }
  open(): void {
    // A subscription in the URL counts as a sent message.
    const wanted = messageOfUrl(this.url);
    if (wanted !== undefined) this.sent.push(wanted);
    this.readyState = 1;
    this.onopen?.();
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  /** The server closes it. */
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  /** Like a socket with a dead peer: stays in the closing state without an event. */
  close(): void {
    this.readyState = 2;
  }
  /** Sent messages with this action. */
  of(action: string): Sent[] {
    return this.sent.filter((message) => message.action === action);
  }
  /** Responds to the newest subscribe. */
  greet(head = 0, more: object = {}): void {
    const { requestId } = this.of("subscribe").at(-1)!;
    const place = { streamId, epoch: "e", head, viewers: 1, requestId };
    this.say({ type: "subscribed", ...place, ...more });
  }
  /** Delivers a frame with one event, or with these ids. */
  frame(n: number, ids: string[] = [`${n}`], viewers = 1): void {
    const events = ids.map((id) => ({ id, type: "chat.message", at: "", data: {} }));
    this.say({ type: "events", streamId, epoch: "e", frame: n, viewers, skipped: 0, events });
  }
}

/** Advances time and runs the timers that fall due. */
export const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

/** Recorded callbacks of a client: `[reason, statusCode]` of each end, and so on. */
type Notes = {
  states: string[];
  reasons: unknown[][];
  errors: unknown[];
  ends: unknown[][];
  heard: string[];
};

/** A client in virtual time, its fake sockets and its recorded callbacks. */
export function createTestClient(options: Partial<Options> = {}, isOpening = () => true) {
  const sockets: FakeSocket[] = [];
  class OpeningSocket extends FakeSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      sockets.push(this);
      if (isOpening()) setTimeout(() => this.readyState === 0 && this.open(), 10);
    }
  }
  const notes: Notes = { states: [], reasons: [], errors: [], ends: [], heard: [] };
  const client = createClient({
    url: "http://127.0.0.1:9",
    token: "t",
    WebSocket: OpeningSocket as unknown as NonNullable<Options["WebSocket"]>,
    onState(state, ...why) {
      notes.states.push(state);
      notes.reasons.push(why);
    },
    onError: (error) => notes.errors.push(error),
    ...options,
  });
  return {
    client,
    sockets,
    notes,
    last: () => sockets.at(-1)!,
    /** Subscribes to a stream and records the callbacks. */
    follow: (more: object = {}, id = streamId) =>
      client.subscribe(id, {
        onEvent: ({ id }) => notes.heard.push(id),
        onEnd: (...end) => notes.ends.push(end),
        ...more,
      }),
  };
}

/** A JWT that expires in `seconds`; its signature is not checked here. */
export function jwt(seconds: number, name = "t"): string {
  const claims = { sub: name, exp: Math.floor(Date.now() / 1000) + seconds };
  return `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${name}`;
}
