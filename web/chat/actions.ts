import { type ChatMessage, OvationError } from "../../client/index.ts";
import type { MessageAction } from "./menu.ts";
import { perform } from "./moderation.ts";
import type { GiftType } from "./picker.ts";
import { reasonOf } from "./reason.ts";
import { sendFrom } from "./sending.ts";
import { isModerator, type State } from "./state.ts";
import type { Word } from "./translations.ts";

/** A user's actions in a room. */
export function createActions(state: State) {
  const { client, streamId, view, translator, subscription } = state;
  return {
    send(text: string, replyTo: ChatMessage | undefined): void {
      const slowMode = () => ({
        seconds: isModerator(state) ? 0 : state.slowSeconds,
        changes: state.slowChanges,
      });
      sendFrom(view, { text, replyTo }, subscription, slowMode, translator);
    },
    give(type: GiftType, count: number): Promise<void> {
      const expectedPrice = type.creditAmount * count;
      const wish = { expectedPrice, count };
      return pay(state, expectedPrice, (key) =>
        client
          .sendGift(streamId, type.id, key, wish)
          .catch((error) => refreshGifts(state, type, error)),
      );
    },
    superlike: () => pay(state, 0, (key) => client.sendSuperlike(streamId, key), "unsureSuperlike"),
    async act(act: MessageAction, message: ChatMessage, seconds?: number): Promise<void> {
      if (act === "reply") {
        view.composer.answer(message);
        return view.composer.focus();
      }
      const done = await attempt(state, () =>
        perform({ act, seconds }, message, client, translator),
      );
      const { says = "", undo } = done ?? {};
      if (says !== "") view.toasts.tell(says, undo && (() => void attempt(state, undo)));
    },
  };
}

/**
 * Sends something that costs credits. If the response is lost, the user can repeat it with the same
 * key and is charged only once.
 */
async function pay(
  state: State,
  price: number,
  send: (key?: string) => Promise<unknown>,
  unsure: Word = "unsure",
) {
  const again = (key: string) => void pay(state, 0, () => send(key), unsure);
  const sent = attempt(state, () => send(), again, unsure);
  await state.wallet.spend(price, sent);
}

/** Reads the gifts and their prices into the picker. */
export async function readGifts({ client, view }: Pick<State, "client" | "view">) {
  const types = await client.call<GiftType[]>("GET", "/api/v1/gifts/gift-types");
  view.picker.setTypes(types);
  return types;
}

const isOutdated = (error: unknown) =>
  error instanceof OvationError &&
  ["price_changed", "gift_type_inactive", "gift_type_not_found"].includes(error.code ?? "");

/** After a refusal of a gift that has changed: reads the gifts again and shows the new price. */
async function refreshGifts(state: State, { id }: GiftType, error: unknown): Promise<void> {
  const types = isOutdated(error) ? await readGifts(state) : [];
  const now = types.find((type) => type.id === id);
  if (now === undefined || state.isClosed) throw error;
  const { name: gift, creditAmount: n } = now;
  state.view.toasts.tell(state.translator.translate("repriced", { gift, n }));
}

/**
 * The result of a call; if it fails, shows why and returns undefined. If it may have taken effect,
 * shows `unsure` with a button that calls `again` with the call's key.
 */
export async function attempt<Answer>(
  state: State,
  call: () => Promise<Answer>,
  again?: (key: string) => void,
  unsure: Word = "unsure",
): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    const key = error instanceof OvationError ? error.key : undefined;
    if (state.isClosed) return undefined;
    const { toasts } = state.view;
    const { translate } = state.translator;
    if (key !== undefined && again) toasts.tell(translate(unsure), () => again(key), "again");
    else toasts.tell(translate("failed", { reason: reasonOf(error) }));
    return undefined;
  }
}
