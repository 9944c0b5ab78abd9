import type { Delivery, Outcome } from "../../domain/webhooks/delivery.ts";
import { postForStatus } from "../outbound/post.ts";
import type { Receiver } from "./receivers.ts";

/** The status with which a receiver says that it wants nothing any more. */
export const goneStatus = 410;

/** Makes one attempt; undefined where the receiver does not want the delivery any more. */
export async function attempt(
  receiver: Receiver,
  delivery: Pick<Delivery, "eventId" | "type" | "body">,
  now: Date,
): Promise<Outcome | undefined> {
  const address = receiver.addressOf(delivery, now);
  if (address === undefined) return undefined;
  try {
    const { url, headers } = address;
    const statusCode = await postForStatus(url, { text: delivery.body, headers });
    if (statusCode >= 200 && statusCode < 300) return { isDone: true, statusCode };
    return { isDone: false, statusCode, error: `The answer was ${statusCode}` };
  } catch (error) {
    return { isDone: false, ...failureOf(error as Error & { code?: string }) };
  }
}

/** What is said of a connection that failed: by its kind, never with an address. */
function failureOf({ name, code, message }: Error & { code?: string }) {
  if (name === "TimeoutError" || name === "AbortError")
    return { error: "No answer came within 10 s", isLate: true };
  const known = code === undefined ? undefined : sentences[code];
  if (known !== undefined) return { error: known };
  if (message.includes("open Internet"))
    return { error: "The name does not lead to the open Internet" };
  return { error: `The connection failed${code === undefined ? "" : ` (${code})`}` };
}

const sentences: Record<string, string | undefined> = {
  ENOTFOUND: "The name does not resolve",
  EAI_AGAIN: "The name does not resolve",
  ECONNREFUSED: "The connection was refused",
  ECONNRESET: "The connection was closed without an answer",
};
