import { type ChatMessage, OvationError } from "../../client/index.ts";
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
      const send = () => client.sendGift(streamId, type.id, undefined, wish);
      const given = attempt(state, () => send().catch((error) => refreshGifts(state, type, error)));
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
  state.view.toast.tell(state.translator.translate("repriced", { gift, n }));
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
