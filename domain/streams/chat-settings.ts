import * as z from "zod";
import { UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { comparedText, rowsOf, shownText } from "../text.ts";
import { wordLengthMax } from "./blocked-words.ts";
import { moderatorsMax, type Stream } from "./stream.ts";
import { assertMayHost, assertMayModerate, moderatorRefusals } from "./stream-lifecycle.ts";

const truthValue = z.boolean({ error: "expected true or false" });
const slowModeMax = 300;
const wordsMax = 200;

/** Changes of a chat's rules; omitted fields stay. */
export const ChatSettingsChange = z.object({
  slowModeSeconds: z
    .number({ error: `expected a whole number from 0 to ${slowModeMax}` })
    .int(`expected a whole number from 0 to ${slowModeMax}`)
    .min(0, `expected 0 to ${slowModeMax}`)
    .max(slowModeMax, `expected 0 to ${slowModeMax}`)
    .optional(),
  followersOnly: truthValue.optional(),
  blockedWords: z
    .array(comparedText(1, wordLengthMax), { error: "expected a list of texts" })
    .max(wordsMax, `expected at most ${wordsMax} words`)
    .optional(),
  giftsEnabled: truthValue.optional(),
  moderators: z
    .array(UserId, { error: "expected a list of user ids" })
    .max(moderatorsMax, `expected at most ${moderatorsMax} moderators`)
    .optional(),
});
export type ChatSettingsChange = z.infer<typeof ChatSettingsChange>;

/** Every refusal that a change of the settings can meet. */
export const settingsRefusals = [
  "stream_not_found",
  "user_not_found",
  ...moderatorRefusals,
  "stream_not_yours",
] as const;

/** The rules of a chat, as shown to users who may change them. */
export const ChatSettings = z
  .object({
    slowModeSeconds: z.number().int(),
    followersOnly: z.boolean(),
    blockedWords: rowsOf(shownText(wordLengthMax), wordsMax),
    giftsEnabled: z.boolean(),
    moderators: rowsOf(UserId, moderatorsMax),
  })
  .meta({ id: "ChatSettings" });

/** The current chat settings of a stream. */
export function chatSettingsOf(stream: Stream): z.infer<typeof ChatSettings> {
  const { slowModeSeconds, followersOnly, blockedWords, giftsEnabled, moderators } = stream;
  return { slowModeSeconds, followersOnly, blockedWords, giftsEnabled, moderators };
}

/** Moderators may change the rules, but only the host decides who moderates. */
export function assertMayChangeSettings(
  stream: Stream,
  change: ChatSettingsChange,
  caller: Parameters<typeof assertMayModerate>[1],
): void {
  assertMayModerate(stream, caller);
  if (change.moderators !== undefined) assertMayHost(stream, caller);
}

/** A change without duplicates in its lists. */
export const distinctLists = (change: ChatSettingsChange): ChatSettingsChange => ({
  ...change,
  ...(change.blockedWords && { blockedWords: [...new Set(change.blockedWords)] }),
  ...(change.moderators && { moderators: [...new Set(change.moderators)] }),
});

/** The fields that change, without duplicates in lists; undefined if nothing changes. */
export function changedSettings(
  stream: Stream,
  change: ChatSettingsChange,
): Partial<Stream> | undefined {
  const settings = distinctLists(change);
  const current = (name: keyof ChatSettingsChange) => JSON.stringify(stream[name]);
  const changes = Object.entries(settings).filter(
    ([name, value]) =>
      value !== undefined && JSON.stringify(value) !== current(name as keyof ChatSettingsChange),
  );
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/** Refuses moderators who are not known users with `user_not_found`. */
export function assertKnown(userIds: readonly string[], known: ReadonlyMap<string, unknown>): void {
  const stranger = userIds.find((userId) => !known.has(userId));
  if (stranger !== undefined) refuse("user_not_found", { userId: stranger });
}
