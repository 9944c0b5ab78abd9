import { type ChatMessage, OvationError, type Subscription } from "../../client/index.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";

/**
 * Sends a message. In slow mode the next one must wait `slowSeconds`. A message that the chat's
 * rules refuse goes back into the input, or stays in its row if another one has been begun there.
 */
export function sendFrom(
  { log, composer }: View,
  { text, replyTo }: { text: string; replyTo: ChatMessage | undefined },
  subscription: Subscription,
  slowSeconds: number,
  { translate }: Translator,
): void {
  const pending = subscription.send(text, replyTo && { replyTo: replyTo._id });
  log.follow();
  pending.sent.then(
    () => slowSeconds > 0 && composer.wait(slowSeconds),
    (error: unknown) => {
      if (!(error instanceof OvationError)) return;
      const { code, retryAfterSeconds = slowSeconds } = error;
      if (code !== "slow_mode" && code !== "member_muted") return;
      if (composer.restore(text)) {
        pending.discard();
        if (replyTo !== undefined) composer.answer(replyTo);
      }
      if (code === "member_muted") composer.refuse(translate("muted"), "muted");
      else composer.wait(retryAfterSeconds);
    },
  );
}
