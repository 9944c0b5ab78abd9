import type { SendCall } from "./thread-calls.ts";

/** Key under which AWS clients look for a transport (platform/aws/aws-client.ts). */
const placed = Symbol.for("ovation.aws.transport");

type Request = {
  host: string;
  method?: string;
  path?: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
  isBinary?: boolean;
};
type Answer = {
  status: number;
  headers: Record<string, string>;
  body: string;
  bytes?: Uint8Array;
};

/** How calls are sent, and whether they must use sockets for now. */
type Way = { send: SendCall; isClosed(): boolean };

/**
 * Gives the AWS clients of this thread a transport that sends calls as thread messages. They look
 * it up at each call.
 */
export function installTransport({ send, isClosed }: Way): void {
  const transport = (
    { method = "POST", path: url = "/", headers, body, isBinary }: Request,
    { signal }: { signal: Pick<AbortSignal, "addEventListener"> },
  ) =>
    new Promise<Answer>((resolve, reject) => {
      const forget = send({ method, url, headers, body }, (answer) => {
        if (answer === "lost") return reject(connectionLost());
        const { status, body: said } = answer;
        const told = { status, headers: { ...answer.headers } };
        if (!isBinary)
          return resolve({ ...told, body: typeof said === "string" ? said : decoder.decode(said) });
        const bytes = typeof said === "string" ? encoder.encode(said) : said;
        resolve({ ...told, body: "", bytes });
      });
      // An aborted caller no longer waits for a result.
      signal.addEventListener("abort", forget, { once: true });
    });
  Object.defineProperty(globalThis, placed, {
    configurable: true,
    get: () => (isClosed() ? undefined : transport),
  });
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The error of a socket that closes before the response. */
const connectionLost = () =>
  Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });
