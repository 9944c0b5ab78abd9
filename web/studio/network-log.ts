import { signal } from "@preact/signals";
import { curlOf } from "../curl.ts";

/** One call or socket message. */
export type Line = {
  id: number;
  at: number;
  who: string;
  /** `call`: an HTTP call with its response; `out` and `in`: socket messages. */
  kind: "call" | "out" | "in" | "note";
  title: string;
  status?: number;
  milliseconds?: number;
  bytes: number;
  /** The payloads sent and received. */
  sent?: string;
  got?: string;
  request?: { method: string; url: string; headers: Record<string, string>; body: string | null };
};

const linesMax = 400;
const textMax = 20_000;

/** Newest last. */
export const lines = signal<Line[]>([]);
export const counts = signal({ calls: 0, frames: 0 });

let next = 1;
let waiting: Line[] = [];

/** Lines are rendered in batches, because a busy room has more of them than animation frames. */
function add(line: Omit<Line, "id" | "at">): void {
  waiting.push({ ...line, id: next++, at: Date.now() });
  if (waiting.length > 1) return;
  setTimeout(() => {
    const { calls, frames } = counts.value;
    counts.value = {
      calls: calls + waiting.filter(({ kind }) => kind === "call").length,
      frames: frames + waiting.filter(({ kind }) => kind === "in").length,
    };
    lines.value = [...lines.value, ...waiting].slice(-linesMax);
    waiting = [];
  }, 200);
}

export const note = (who: string, title: string) => add({ who, kind: "note", title, bytes: 0 });

/** A `fetch` that records its calls. */
export const fetchOf =
  (who: string): typeof fetch =>
  async (input, init = {}) => {
    const began = performance.now();
    const url = String(input);
    const method = init.method ?? "GET";
    const body = typeof init.body === "string" ? init.body : null;
    const request = { method, url, headers: init.headers as Record<string, string>, body };
    // The end of an id is enough to identify it, and leaves space for the path after it.
    const path = new URL(url, location.href).pathname.replace(
      /[0-9a-f]{20}(?=[0-9a-f]{4}\b)/g,
      "…",
    );
    const title = `${method} ${path}`;
    const line = { who, kind: "call" as const, title, request, ...(body && { sent: body }) };
    try {
      const answer = await fetch(input, init);
      const milliseconds = performance.now() - began;
      const text = await answer.clone().text();
      const got = text.slice(0, textMax);
      add({ ...line, status: answer.status, milliseconds, bytes: text.length, got });
      return answer;
    } catch (error) {
      add({ ...line, milliseconds: performance.now() - began, bytes: 0, got: String(error) });
      throw error;
    }
  };

/** The sockets of one user, with controls to disturb them. */
export function socketsOf(who: string) {
  const open = new Set<WebSocket>();
  let toLose = 0;

  class WatchedSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      open.add(this);
      super.addEventListener("close", () => {
        open.delete(this);
        note(who, "socket closed");
      });
      super.addEventListener("open", () => note(who, "socket open"));
    }

    override send(data: string): void {
      add({ who, kind: "out", title: titleOf(data), bytes: data.length, sent: data });
      super.send(data);
    }

    override set onmessage(listener: ((event: MessageEvent) => void) | null) {
      super.addEventListener("message", (event) => {
        const data = String(event.data);
        if (toLose > 0 && /"type":"(events|compact|deflate)"/.test(data)) {
          toLose--;
          note(who, `dropped: ${titleOf(data)}`);
          return;
        }
        const got = data.slice(0, textMax);
        add({ who, kind: "in", title: titleOf(data), bytes: data.length, got });
        listener?.(event);
      });
    }
  }

  return {
    WebSocket: WatchedSocket,
    cut(): void {
      for (const socket of open) socket.close();
    },
    loseFrame(): void {
      toLose++;
    },
  };
}

/** `subscribe`, `frame 17: 3 events`, `pong`. */
function titleOf(text: string): string {
  const { action, type, frame, events, groups } = JSON.parse(text);
  if (frame === undefined) return action ?? type;
  const count =
    events?.length ??
    groups.reduce((sum: number, group: { count: number }) => sum + group.count, 0);
  return `frame ${frame}: ${count} ${count === 1 ? "event" : "events"}`;
}

/** A call as a curl command, with its token, which is valid only on this machine. */
export const curlLineOf = ({ request }: Line) =>
  request === undefined
    ? ""
    : curlOf({ ...request, url: new URL(request.url, location.href).href });

/** Repeats a call unchanged: with its key it takes effect only once. */
export const replay = ({ who, request }: Line) =>
  request &&
  fetchOf(who)(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
  }).catch(() => {});
