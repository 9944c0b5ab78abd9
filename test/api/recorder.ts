import { appendFileSync } from "node:fs";

/** A call of a test, with what was answered. */
export type RecordedCall = {
  method: string;
  /** With its query. */
  path: string;
  body?: unknown;
  status: number;
  answer?: unknown;
};

/** What went over a socket, either way, or was posted to a webhook: that has headers. */
export type RecordedMessage = { message: unknown; headers?: Record<string, unknown> };

/** Adds a line to the file that RECORD_CALLS names, for `npm run examples`; else does nothing. */
export function recordCall(call: RecordedCall | RecordedMessage): void {
  const file = process.env.RECORD_CALLS;
  if (file) appendFileSync(file, `${JSON.stringify(call)}\n`);
}
