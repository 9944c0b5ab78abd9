import type { Delivery, Outcome } from "../../domain/webhooks/delivery.ts";
import { postForStatus } from "../outbound/post.ts";
import { closed, UnusableAnswer } from "../outbound/request.ts";
import { logNotice } from "../runtime/log.ts";
import type { Receiver } from "./receivers.ts";

/** The status with which a receiver unsubscribes. */
const goneStatus = 410;

/** Whether a delivery was accepted: any 2xx, since frameworks differ in their default. */
export const isSuccess = (statusCode: number) => statusCode >= 200 && statusCode < 300;

/**
 * Makes one attempt; undefined if the receiver no longer takes such deliveries. A webhook that
 * answers 410 is disabled.
 */
export async function attempt(
  receiver: Receiver,
  delivery: Pick<Delivery, "eventId" | "type" | "body">,
  now: Date,
): Promise<Outcome | undefined> {
  const address = receiver.addressOf(delivery, now);
  if (address === undefined) return undefined;
  const outcome = await post(address, delivery.body);
  if (outcome.statusCode !== goneStatus || !(await receiver.disable?.())) return outcome;
  logNotice("A webhook is disabled, since it is gone", { receiverId: receiver.id });
  return { ...outcome, isGone: true };
}

type Address = NonNullable<ReturnType<Receiver["addressOf"]>>;

async function post({ url, headers }: Address, text: string): Promise<Outcome> {
  try {
    const statusCode = await postForStatus(url, { text, headers });
    if (isSuccess(statusCode)) return { isDone: true, statusCode };
    return { isDone: false, statusCode, error: `The answer was ${statusCode}` };
  } catch (error) {
    return { isDone: false, error: reasonOf(error), isLate: isLate(error) };
  }
}

/** Describes a failed call by its kind, never with an address. */
export function reasonOf(error: unknown): string {
  const { name, code, message } = error as Error & { code?: string };
  if (isLate(error)) return "No answer came in time";
  if (error instanceof UnusableAnswer) return error.message;
  const known = code === undefined ? undefined : sentences[code];
  if (known !== undefined) return known;
  if (message.includes("open Internet")) return "The name does not lead to the open Internet";
  return `The call failed (${code ?? name})`;
}

const isLate = (error: unknown) => ["TimeoutError", "AbortError"].includes((error as Error).name);

const sentences: Record<string, string | undefined> = {
  ENOTFOUND: "The name does not resolve",
  EAI_AGAIN: "The name does not resolve",
  ECONNREFUSED: "The connection was refused",
  ECONNRESET: closed,
};
