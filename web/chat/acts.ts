import type { ChatMessage } from "../../client/index.ts";
import type { Act } from "./menu.ts";
import { perform } from "./moderation.ts";
import type { GiftType } from "./picker.ts";
import { reasonOf } from "./reason.ts";
import { sendFrom } from "./sending.ts";
import { isModerator, type State } from "./state.ts";

/** A user's actions in a room. */
export function actsIn(state: State) {
  const { client, streamId, view, translator, wallet, subscription } = state;
  return {
    send(text: string, replyTo: ChatMessage | undefined): void {
      const slowSeconds = isModerator(state) ? 0 : state.slowSeconds;
      sendFrom(view, { text, replyTo }, subscription, slowSeconds, translator);
    },
    async give(type: GiftType, count: number): Promise<void> {
      const expectedPrice = type.creditAmount * count;
      const wish = { expectedPrice, count };
      const given = attempt(state, () => client.sendGift(streamId, type.id, undefined, wish));
      await wallet.spend(expectedPrice, given);
    },
    async superlike(): Promise<void> {
      await attempt(state, () => client.sendSuperlike(streamId));
      wallet.readSoon();
    },
    async act(act: Act, message: ChatMessage, seconds?: number): Promise<void> {
      if (act === "reply") return view.composer.answer(message);
      const done = await attempt(state, () =>
        perform({ act, seconds }, message, client, translator),
      );
      const { says = "", undo } = done ?? {};
      if (says !== "") view.toast.tell(says, undo && (() => void attempt(state, undo)));
    },
  };
}

/** The result of a call; if it fails, shows why and returns undefined. */
export async function attempt<Answer>(
  { view, translator, isClosed }: State,
  call: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!isClosed) view.toast.tell(translator.translate("failed", { reason: reasonOf(error) }));
    return undefined;
  }
}
