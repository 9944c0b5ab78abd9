import type { CallResult, Client, Event } from "../../client/index.ts";
import { serverNow } from "../server-time.ts";
import { type Combo, createCombos } from "./combos.ts";
import type { Log } from "./log.ts";
import { giftRow, superlikeRow } from "./rows.ts";
import type { Translator } from "./translations.ts";

/** Earlier gifts and superlikes, as the API lists them. */
export type EarlierGifts = {
  gifts: CallResult<"GET /api/v1/live-stream/{streamId}/gifts">["list"];
  superlikes: CallResult<"GET /api/v1/live-stream/{streamId}/superlikes">["list"];
};
type Paid = Extract<Event, { type: "gift.sent" | "superlike.sent" }>;

const earlierMax = 100;
/** Most events that are held until the lists are read, and most ids that are remembered. */
const earlyMax = 1_000;
const sweepMilliseconds = 250;

/**
 * Reads the newest gifts and superlikes; returns none if that fails: the chat works without them.
 */
export async function readEarlierGifts(client: Client, streamId: string): Promise<EarlierGifts> {
  const wanted = { path: { streamId }, query: { limit: earlierMax } };
  const none = () => ({ list: [] });
  const [gifts, superlikes] = await Promise.all([
    client.call("GET /api/v1/live-stream/{streamId}/gifts", wanted).catch(none),
    client.call("GET /api/v1/live-stream/{streamId}/superlikes", wanted).catch(none),
  ]);
  return { gifts: gifts.list, superlikes: superlikes.list };
}

/**
 * The rows of gifts and superlikes. A combo is one row that grows while it is active, even if it
 * began before the chat was opened. From its second gift on it is shown below the list, where
 * nothing pushes it out of view; when it ends, it moves into the list.
 */
export function createGiftRows(log: Log, translator: Translator) {
  const combos = createCombos();
  const rows = new WeakMap<Combo, ReturnType<typeof giftRow>>();
  const lane = createLane(log);
  /** Rows older than the messages shown, oldest first, with their start times. */
  let earlier: { at: string; combo?: Combo; show: () => void }[] = [];
  /** Live events that arrive before the lists are read: the lists may contain them, too. */
  let early: Paid[] | undefined = [];
  const isNewId = createIds();
  const sweeping = setInterval(() => {
    for (const combo of combos.end(performance.now())) {
      rows.get(combo)?.end();
      lane.leave(rows.get(combo)?.row);
    }
  }, sweepMilliseconds);

  function showRow(combo: Combo, at: string) {
    const made = giftRow(combo, translator);
    rows.set(combo, made);
    log.add(made.row, at);
    return made;
  }

  function add(event: Paid): void {
    if (early !== undefined) {
      early.push(event);
      if (early.length > earlyMax) early.shift();
      return;
    }
    if (!isNewId(event.id)) return;
    if (event.type === "superlike.sent")
      return void log.add(superlikeRow(event.data, translator), event.at);
    const { combo, isNew } = combos.add(event.data, performance.now());
    const shown = rows.get(combo);
    if (!isNew && shown !== undefined) {
      shown.grow();
      lane.enter(shown.row, event.at);
      return;
    }
    earlier = earlier.filter((one) => one.combo !== combo);
    showRow(combo, event.at).start();
  }

  return {
    add,
    /** Events were lost: holds new ones until `keepEarlier` has the lists that are read again. */
    hold(): void {
      early ??= [];
    },
    /**
     * Keeps earlier gifts and superlikes without a row, newest first: `showEarlier` adds them to
     * the list.
     */
    keepEarlier(lists: EarlierGifts): void {
      // The server builds the ids of their events like this.
      const isNew = ({ id }: { id: string }) => isNewId(`gift:${id}`);
      const gifts = lists.gifts.filter((one) => isNew(one) && one.refundedAt === null);
      const superlikes = lists.superlikes.filter(isNew);
      for (const gift of gifts.reverse()) {
        const at = gift.createdAt;
        const age = Math.max(0, serverNow() - Date.parse(at));
        const { combo, isNew: isFirst } = combos.add(gift, performance.now() - age);
        const show = () => {
          const made = showRow(combo, at);
          if (combo.until <= performance.now()) made.end();
        };
        if (isFirst) earlier.push({ at, combo, show });
        else rows.get(combo)?.grow();
      }
      for (const superlike of superlikes) {
        const at = superlike.timestamp;
        earlier.push({ at, show: () => log.add(superlikeRow(superlike, translator), at) });
      }
      const held = early ?? [];
      early = undefined;
      for (const event of held) add(event);
    },
    /** Shows kept rows since a time (ISO 8601): no messages are loaded next to older rows. */
    showEarlier(since: string): void {
      const due = earlier.filter(({ at }) => at >= since);
      earlier = earlier.filter(({ at }) => at < since);
      for (const { show } of due) show();
    },
    stop: () => clearInterval(sweeping),
  };
}

/** Remembers the newest ids of events; returns whether one is new. */
function createIds() {
  const ids = new Set<string>();
  return (id: string): boolean => {
    const isNew = !ids.has(id);
    ids.add(id);
    for (const one of ids) if (ids.size > earlyMax) ids.delete(one);
    return isNew;
  };
}

/** The rows below the list, each with the time of its newest gift. */
function createLane(log: Log) {
  const going = new Map<HTMLElement, string>();
  const show = () => log.keepInView([...going.keys()]);
  return {
    enter(row: HTMLElement, at: string): void {
      going.set(row, at);
      show();
    },
    /** Moves the row into the list, to the position of its newest gift. */
    leave(row: HTMLElement | undefined): void {
      const at = row && going.get(row);
      if (row === undefined || at === undefined) return;
      going.delete(row);
      log.add(row, at);
      show();
    },
  };
}
