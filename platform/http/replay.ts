import { refuse } from "../../domain/refusal.ts";
import {
  findMarked,
  forgetMarked,
  type KeyedCall,
  type Marked,
  markerAction,
  type Recalled,
} from "../table/idempotency.ts";
import type { Reply } from "../table/record.ts";
import type { Contract } from "./contract.ts";

/** What a call with a key repeats: the marker, and what that stands for. */
export type Earlier = Marked & { recalled: Exclude<Recalled, "void"> };

/** A reply that the key, where the call has one, remembers from the moment of its effect on. */
export function replyOf(
  { memory, answer: [status, schema] }: Contract,
  { keyed, now }: { keyed?: KeyedCall; now: Date },
  answer: unknown,
): Reply<never> {
  const fit = schema.parse(answer);
  const kept = memory === undefined ? fit : memory.keep(fit as never);
  const remember = keyed === undefined ? [] : [markerAction(keyed, status, kept, now)];
  return { answer: answer as never, remember };
}

/**
 * What a key was used for before. A key whose effect never came is freed and was not used, whatever
 * was asked for with it.
 */
export async function findEarlier(
  { memory }: Contract,
  keyed: KeyedCall,
  now: Date,
): Promise<Earlier | undefined> {
  const marked = await findMarked(keyed, now);
  if (marked === undefined) return undefined;
  const { kept } = marked;
  const recalled = (await memory?.recall?.(kept as never, now)) ?? { answer: kept };
  if (recalled !== "void") return { ...marked, recalled };
  await forgetMarked(keyed, marked);
  return undefined;
}

/**
 * The answer to a repetition: as the first one had it, or undefined where there is none yet. Where
 * the first call may have died before its effect, one that `mayFinish` (it met no refusal of its
 * own) writes it. Refuses with `key_reused` what is another request.
 */
export async function answerAgain(
  { memory }: Contract,
  { kept, recalled, isSameRequest }: Earlier,
  body: unknown,
  mayFinish: boolean,
): Promise<{ answer: unknown } | undefined> {
  if (!isSameRequest) refuse("key_reused");
  if (recalled !== "pending") return recalled;
  const finished = mayFinish && (await memory?.finish?.(kept as never, body as never));
  return typeof finished === "object" ? finished : undefined;
}
