import type { ServerMessage } from "./message.ts";

type Range = {
  epoch: string;
  head: number;
  recovered: boolean;
  frames: (ServerMessage & { frame: number; viewers: number })[];
  sums?: object;
  moments?: object[];
};

type Envelope = { data: Range; errors?: string[]; code?: string };
/** The error of a failed read: with a status if the server has refused it. */
type Refusal = Error & { statusCode?: number; code?: string };

export type SubscribeRequest = {
  streamId: string;
  since?: { epoch: string; frame: number } | undefined;
  requestId?: string | undefined;
};

const waitSeconds = 20;
const againMilliseconds = 2_000;
/** Time for a response, in addition to the requested wait: some proxies swallow requests, too. */
export const answerMilliseconds = 5_000;
const lost = 401;
/** How a WebSocket's `unsubscribed` says that a viewer may no longer read the stream. */
const reasons: Record<string, string> = { member_blocked: "blocked", pass_required: "pass" };

/** What the polling of one stream uses of its socket. */
export type PollingContext = {
  url: string;
  token: string;
  fetch: typeof fetch;
  heads: Record<string, number>;
  isOpen(): boolean;
  open(): void;
  emit(message: object): void;
  close(): void;
};

/**
 * Reads from a position: first the response to the subscription, then the frames. A failed read is
 * repeated once; then the socket is closed, so that the client knows that it is offline.
 */
export async function poll(
  context: PollingContext,
  request: SubscribeRequest,
  signal: AbortSignal,
): Promise<void> {
  const { streamId, requestId } = request;
  let at = request.since;
  let isSubscribed = false;
  let hasFailed = false;
  while (!signal.aborted) {
    try {
      const wait = isSubscribed && !hasFailed ? waitSeconds : 0;
      const range = await readEvents(context, { streamId, since: at }, wait, signal);
      const { frames, head, epoch, recovered } = range;
      hasFailed = false;
      context.open();
      // When the socket opened, the client subscribed from another position.
      if (signal.aborted) return;
      context.heads[streamId] = head;
      if (at === undefined || !recovered) at = { epoch, frame: head };
      if (!isSubscribed) context.emit(subscribedBy(request, range));
      isSubscribed = true;
      for (const frame of frames) context.emit(frame);
      at = { epoch, frame: frames.at(-1)?.frame ?? at.frame };
    } catch (error) {
      if (signal.aborted) return;
      const { statusCode, code, message, name } = error as Refusal;
      if (statusCode !== undefined && isFinal(statusCode)) {
        context.open();
        if (signal.aborted) return;
        const reason = reasons[code ?? ""] ?? message;
        if (isSubscribed) context.emit({ type: "unsubscribed", streamId, reason });
        else context.emit({ type: "error", statusCode, code, errors: [message], requestId });
        return;
      }
      const isLost = statusCode === lost;
      // The client leaves the socket, with another token if it can get one.
      if (isLost && context.isOpen())
        return context.emit({ type: "error", statusCode, errors: [message] });
      if (isLost || hasFailed || !context.isOpen()) return context.close();
      hasFailed = true;
      // A read that timed out has waited long enough.
      if (name !== "AbortError") await new Promise((done) => setTimeout(done, againMilliseconds));
    }
  }
}

/** Whether a retry would get the same status. Not 401: the token can be replaced. */
const isFinal = (status: number) =>
  status >= 400 && status < 500 && ![lost, 408, 425, 429].includes(status);

/** The response to a subscription. Only frames have the number of viewers. */
function subscribedBy(request: SubscribeRequest, { frames, recovered, ...shown }: Range) {
  const { streamId, since, requestId } = request;
  const subscribed = { type: "subscribed", streamId, viewers: frames.at(-1)?.viewers, ...shown };
  return { ...subscribed, ...(since && { recovered }), requestId };
}

/** Reads the frames after a position (`GET …/events`), and waits `wait` seconds at most for one. */
async function readEvents(
  { url, token, fetch: own }: PollingContext,
  { streamId, since }: SubscribeRequest,
  wait: number,
  signal: AbortSignal,
): Promise<Range> {
  const from = since === undefined ? "" : `&epoch=${since.epoch}&after=${since.frame}`;
  const path = `api/v1/live-stream/${streamId}/events?wait=${wait}${from}`;
  const attempt = new AbortController();
  const stop = () => attempt.abort();
  const timer = setTimeout(stop, wait * 1_000 + answerMilliseconds);
  signal.addEventListener("abort", stop);
  try {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await own(`${url.replace(/\/$/, "")}/${path}`, {
      headers,
      signal: attempt.signal,
    });
    const { data, errors, code } = (await answer.json()) as Envelope;
    if (answer.ok) return data;
    throw Object.assign(new Error(errors?.at(-1)), { statusCode: answer.status, code });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
