import type { ChatMessage, Client, Event, History, Subscription } from "../../client/index.ts";
import type { createAudience } from "./audience.ts";
import type { createBans } from "./bans.ts";
import type { createGiftRows, EarlierGifts } from "./gift-rows.ts";
import type { createPendingRows } from "./pending-rows.ts";
import type { createQuotes } from "./quotes.ts";
import type { Translator } from "./translations.ts";
import type { View } from "./view.ts";
import type { createWallet } from "./wallet.ts";

/** The part of a live stream that the chat uses. */
export type Stream = Rules & {
  status: string;
  creator: { _id: string };
  pinned: ChatMessage | null;
};
/** Chat settings of the stream. */
export type Rules = { slowModeSeconds: number; giftsEnabled: boolean; moderators?: string[] };

/** Why a chat is over, with the API's status and error code if there are any. */
export type ChatEnd = {
  reason: string;
  statusCode?: number | undefined;
  code?: string | undefined;
};

/** Options of a room. */
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
  onEnd(end: ChatEnd): void;
};

/** The state of a room. */
export type State = RoomOptions & {
  subscription: Subscription;
  /** The earlier gifts and the history, once they are asked for. */
  past: Promise<[EarlierGifts, History]> | undefined;
  history: History | undefined;
  gifts: ReturnType<typeof createGiftRows>;
  wallet: ReturnType<typeof createWallet>;
  /** Weak references, so that rows dropped from the list are freed. */
  rows: Map<string, { row: WeakRef<HTMLElement>; message: ChatMessage }>;
  showPending: ReturnType<typeof createPendingRows>;
  quotes: ReturnType<typeof createQuotes>;
  audience: ReturnType<typeof createAudience>;
  /** Ids of the gifts that the user has sent. */
  given: Set<string>;
  me: string;
  username: string;
  hostId: string;
  moderators: string[];
  slowSeconds: number;
  /** How often `slowSeconds` has been set. */
  slowChanges: number;
  pinned: ChatMessage | undefined;
  /** Fields that events have changed: a response may arrive after an event but be older. */
  changed: Partial<Stream>;
  bans: ReturnType<typeof createBans>;
  timer: ReturnType<typeof setTimeout> | undefined;
  isClosed: boolean;
};

/** Whether the user may moderate here. */
export const isModerator = ({ moderates, me, hostId, moderators }: State) =>
  moderates || (me !== "" && (me === hostId || moderators.includes(me)));
