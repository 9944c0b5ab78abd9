import { type ChatMessage, OvationError, type Subscription } from "../../client/index.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

/** The current slow mode, and how often it has been set. */
export type SlowMode = { seconds: number; changes: number };

/**
 * Sends a message. In slow mode the next one must wait. A message that the chat's rules refuse goes
 * back into the input, or stays in its row if the user has begun another text.
 */
export function sendFrom(
  { log, composer }: View,
  { text, replyTo }: { text: string; replyTo: ChatMessage | undefined },
  subscription: Subscription,
  slowMode: () => SlowMode,
  { translate }: Translator,
): void {
  const before = slowMode();
  // The response may be older than a change of slow mode that the composer already knows.
  const wait = (seconds: number) => {
    const now = slowMode();
    composer.wait(now.changes === before.changes ? seconds : Math.min(seconds, now.seconds));
  };
  const pending = subscription.send(text, replyTo && { replyTo: replyTo._id });
  log.follow();
  pending.sent.then(
    () => before.seconds > 0 && wait(before.seconds),
    (error: unknown) => {
      if (!(error instanceof OvationError)) return;
      const { code, retryAfterSeconds = before.seconds } = error;
      if (code !== "slow_mode" && code !== "member_muted") return;
      if (composer.restore(text)) {
        pending.discard();
        if (replyTo !== undefined) composer.answer(replyTo);
      }
      if (code === "member_muted") composer.refuse(translate("muted"), "muted");
      else wait(retryAfterSeconds);
    },
  );
}
