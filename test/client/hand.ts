import { jest } from "@jest/globals";
import { createClient, type Options } from "../../client/index.ts";
import { messageOfUrl } from "./frame-server.ts";

export const streamId = "64d15f9e2e6c8f4d5a123000";

type Sent = { action: string; streamId?: string; requestId?: string; since?: object };

/** A socket in the test's hands. */
export class Hand {
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
    // What the URL asks for is asked for like anything else.
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
  /** The other side ends it. */
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  /** As a socket does whose other side is dead: it waits for an answer and says nothing. */
  close(): void {
    this.readyState = 2;
  }
  /** The messages of one kind. */
  of(action: string): Sent[] {
    return this.sent.filter((message) => message.action === action);
  }
  /** Answers the newest subscribe. */
  greet(head = 0, more: object = {}): void {
    const { requestId } = this.of("subscribe").at(-1)!;
    const place = { streamId, epoch: "e", head, viewers: 1, requestId };
    this.say({ type: "subscribed", ...place, ...more });
  }
  /** Says a frame with one event, or as many as are named. */
  frame(n: number, ids: string[] = [`${n}`], viewers = 1): void {
    const events = ids.map((id) => ({ id, type: "chat.message", at: "", data: {} }));
    this.say({ type: "events", streamId, epoch: "e", frame: n, viewers, skipped: 0, events });
  }
}

/** Lets time pass, with whatever falls due in it. */
export const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

/** What is noted of a client: `[reason, statusCode]` of each end, and so on. */
type Notes = {
  states: string[];
  reasons: unknown[][];
  errors: unknown[];
  ends: unknown[][];
  heard: string[];
};

/** A client in virtual time whose sockets are in the test's hands, and what it tells. */
export function takeInHand(options: Partial<Options> = {}, isOpening = () => true) {
  const sockets: Hand[] = [];
  class Held extends Hand {
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
    WebSocket: Held as unknown as NonNullable<Options["WebSocket"]>,
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
    /** Subscribes to the stream and records the callbacks. */
    follow: (more: object = {}) =>
      client.subscribe(streamId, {
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
