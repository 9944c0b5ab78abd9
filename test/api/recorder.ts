import { appendFileSync } from "node:fs";

/** A call of a test with its response. */
export type RecordedCall = {
  method: string;
  /** The path with its query. */
  path: string;
  body?: unknown;
  status: number;
  answer?: unknown;
};

/** A message over a socket in either direction, or a request to a webhook, which has headers. */
export type RecordedMessage = { message: unknown; headers?: Record<string, unknown> };

/** Adds a line to the file that RECORD_CALLS names, for `npm run examples`; else does nothing. */
export function recordCall(call: RecordedCall | RecordedMessage): void {
  const file = process.env.RECORD_CALLS;
  if (file) appendFileSync(file, `${JSON.stringify(call)}\n`);
}
