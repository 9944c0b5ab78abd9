/** Networks and a server for clients that poll. */
export const streamId = "64d15f9e2e6c8f4d5a123000";
export const url = "http://a.example";

/**
 * A network that blocks WebSockets: each handshake fails at once, or hangs; `opens` are exceptions.
 */
export function blocked({ isSilent = false, opens = [] as readonly number[] } = {}) {
  const opened: number[] = [];
  const sockets: { close(): void }[] = [];
  return {
    opened,
    sockets,
    WebSocket: class {
      readyState = 0;
      onopen: (() => void) | null = null;
      onclose: (() => void) | null = null;
      onmessage = null;
      onerror = null;
      constructor() {
        sockets.push(this);
        const isOpening = opens.includes(opened.push(performance.now()));
        if (isOpening) setTimeout(() => this.open());
        else if (!isSilent) setTimeout(() => this.close());
      }
      open() {
        this.readyState = 1;
        this.onopen?.();
      }
      send() {}
      close() {
        if (this.readyState === 3) return;
        this.readyState = 3;
        this.onclose?.();
      }
    },
  };
}

/**
 * The server's `GET …/events`: a growing log, and callers who wait for its next frame, `wait`
 * seconds at most.
 */
export function serveEvents() {
  const frames: { frame: number; events: object[] }[] = [];
  const asked: URL[] = [];
  const tokens = new Set<string | null>();
  let refusal: { status: number; code: string | undefined } | undefined;
  let epoch = "e";
  let waiting: { go: () => void; timer: NodeJS.Timeout }[] = [];
  const takeWaiting = () => {
    const taken = waiting;
    waiting = [];
    for (const { timer } of taken) clearTimeout(timer);
    return taken;
  };
  const wake = () => {
    for (const { go } of takeWaiting()) go();
  };
  return {
    asked,
    tokens,
    wake,
    /** The responses to those who wait are lost. */
    lose: () => void takeWaiting(),
    /** The log begins again. */
    restart(): void {
      epoch = "f";
      frames.length = 0;
      wake();
    },
    refuse: (status: number | undefined, code?: string) => {
      refusal = status === undefined ? undefined : { status, code };
      wake();
    },
    say(content: string) {
      const frame = frames.length + 1;
      const event = { id: `e${frame}`, type: "chat.message", at: "", data: { content } };
      frames.push({ frame, events: [event] });
      wake();
    },
    fetch: (async (input: string, { headers, signal }: RequestInit) => {
      if (input === `${url}/health`) {
        // Longer than the pause before the next attempt.
        await new Promise((done) => setTimeout(done, 600));
        return Response.json({});
      }
      const { searchParams } = asked[asked.push(new URL(input)) - 1]!;
      tokens.add(new Headers(headers).get("authorization"));
      const after = searchParams.get("after");
      const isRecovered = () => (searchParams.get("epoch") ?? epoch) === epoch;
      const start = () => (after === null || !isRecovered() ? frames.length : Number(after));
      const isWaiting = searchParams.get("wait") !== "0" && isRecovered();
      if (isWaiting && start() >= frames.length && refusal === undefined)
        await new Promise<void>((done, fail) => {
          const timer = setTimeout(done, Number(searchParams.get("wait")) * 1_000);
          waiting.push({ go: done, timer });
          signal?.addEventListener("abort", () => {
            clearTimeout(timer);
            fail(signal.reason);
          });
        });
      if (refusal !== undefined) {
        const { status, code } = refusal;
        return Response.json({ data: null, errors: ["No"], code }, { status });
      }
      const made = { type: "events", streamId, epoch, viewers: 1, skipped: 0 };
      const data = {
        epoch,
        head: frames.length,
        recovered: isRecovered(),
        sums: { likes: 7 },
        moments: [],
        frames: frames.slice(start()).map((one) => ({ ...made, ...one })),
      };
      return Response.json({ data });
    }) as unknown as typeof fetch,
  };
}

/** A network that can be away: then no call of the server succeeds. */
export function outages(server: ReturnType<typeof serveEvents>) {
  let isAway = false;
  const set = (is: boolean) => {
    isAway = is;
  };
  const fetcher = (async (...given: Parameters<typeof fetch>) => {
    if (isAway) throw new TypeError("Failed to fetch");
    const answer = await server.fetch(...given);
    if (isAway) throw new TypeError("Failed to fetch");
    return answer;
  }) as typeof fetch;
  return { fetcher, away: { set } };
}
