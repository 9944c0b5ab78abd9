import type { ChatMessage, Client, Event, History, Subscription } from "../../client/index.ts";
import type { createAudience } from "./audience.ts";
import type { createBans } from "./bans.ts";
import type { createGiftRows } from "./gift-rows.ts";
import type { createQuotes } from "./quotes.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";
import type { createWallet } from "./wallet.ts";

/** As much of a live stream as the chat wants to know. */
export type Stream = Rules & {
  status: string;
  creator: { _id: string };
  pinned: ChatMessage | null;
};
/** The rules of its chat. */
export type Rules = { slowModeSeconds: number; giftsEnabled: boolean; moderators?: string[] };

/** What a room is opened with. */
export type RoomOptions = {
  client: Client;
  streamId: string;
  translator: Translator;
  view: View;
  /** Offers moderator actions to a user without that role, such as an admin. */
  moderates: boolean;
  onEvent(event: Event): void;
  onViewers(viewers: number): void;
  onBalance(credits: number): void;
};

/** What a room knows. */
export type State = RoomOptions & {
  subscription: Subscription;
  history: History | undefined;
  gifts: ReturnType<typeof createGiftRows>;
  wallet: ReturnType<typeof createWallet>;
  /** A row that the list has let go is kept by nobody. */
  rows: Map<string, { row: WeakRef<HTMLElement>; message: ChatMessage }>;
  quotes: ReturnType<typeof createQuotes>;
  audience: ReturnType<typeof createAudience>;
  me: string;
  username: string;
  hostId: string;
  moderators: string[];
  slowSeconds: number;
  pinned: ChatMessage | undefined;
  bans: ReturnType<typeof createBans>;
  timer: ReturnType<typeof setTimeout> | undefined;
  isClosed: boolean;
};

/** Whether the person may moderate here. */
export const isModerator = ({ moderates, me, hostId, moderators }: State) =>
  moderates || me === hostId || moderators.includes(me);
