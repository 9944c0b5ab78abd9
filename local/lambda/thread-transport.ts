import type { SendCall } from "./thread-calls.ts";

/** Key under which AWS clients look for a transport (platform/aws/transport.ts). */
const placed = Symbol.for("ovation.aws.transport");

type Request = { host: string; headers: Record<string, string>; body: string };
/** The part of a signal that clients provide. */
type Aborting = Pick<AbortSignal, "addEventListener" | "removeEventListener">;
type Answer = { status: number; headers: Record<string, string>; body: string };

/** How calls are sent, and whether they must use sockets for now. */
type Way = { send: SendCall; isClosed(): boolean };

/**
 * Gives the AWS clients of this thread a transport that sends calls as thread messages. They look
 * it up at each call.
 */
export function installTransport({ send, isClosed }: Way): void {
  const transport = ({ headers, body }: Request, { signal }: { signal: Aborting }) =>
    new Promise<Answer>((resolve, reject) => {
      const call = { method: "POST", url: "/", headers: Object.entries(headers).flat(), body };
      const forget = send(call, (answer) => {
        signal.removeEventListener("abort", forget);
        if (answer === "lost") return reject(connectionLost());
        const text = typeof answer.body === "string" ? answer.body : decoder.decode(answer.body);
        resolve({ status: answer.status, headers: { ...answer.headers }, body: text });
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

/** The error of a socket that closes before the response. */
const connectionLost = () =>
  Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });
