import { type Profile, profileOf, summaryOf } from "../../../domain/people/user.ts";
import { makeMessage } from "../../../domain/streams/chat-rules.ts";
import { makeStream, NewStream } from "../../../domain/streams/new-stream.ts";
import { key } from "../../../platform/table/keys.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";

export const streamId = "64d15f9e2e6c8f4d5a123000";
export const picture = "https://assets.ovation.example/default-picture.png";

/** Chat of real streams: messages per viewer and minute on the average, and a burst's height. */
const chat = { perViewerMinute: 0.036, burst: 5.5 };
/** Gifts come with the chat, and in rows of the same gift; how many is our guess. */
const gifts = { perMessage: 0.03, rowMean: 4, spacingMilliseconds: 400 };
/** A fifth of the senders send nearly all. */
const busy = { share: 0.2, give: 0.97 };
const banSeconds = 45;

const idOf = (n: number) => n.toString(16).padStart(24, "0");

/**
 * The room's writers: chat as a Poisson process with one burst, gifts in rows, now and then a ban.
 * What they write goes straight to the table's stream, as the images that the handlers write.
 */
export function createPeople(
  clock: Clock,
  chance: Chance,
  viewers: number,
  write: (item: Record<string, unknown> & { PK: string; SK: string }) => void,
) {
  const profiles = new Map<number, Profile>();
  const host = profileOf("host", {}, new Date());
  const stream = {
    ...makeStream(NewStream.parse({ title: "Live" }), {
      id: streamId,
      host: summaryOf(host, picture),
      defaultThumbnail: picture,
      now: new Date(),
    }),
    status: "active" as const,
  };
  const written = { messages: 0, gifts: 0, bans: 0 };
  const giftIds: string[] = [];
  const busyCount = Math.max(1, Math.floor(viewers * busy.share));

  function sender(): Profile {
    const n = chance.below(chance.hits(busy.give) ? busyCount : viewers);
    let profile = profiles.get(n);
    if (profile === undefined) {
      const claims = { preferred_username: `viewer${n}`, given_name: "Deniz", family_name: "Kaya" };
      profile = profileOf(idOf(n), claims, new Date());
      profiles.set(n, profile);
    }
    return profile;
  }

  function say(): void {
    const n = ++written.messages;
    const content = "what a goal ".repeat(1 + chance.below(6));
    const message = makeMessage({ content }, { stream, sender: sender(), n, now: new Date() });
    write({ ...key.message(streamId, n), ...message });
  }

  async function giveRow(): Promise<void> {
    const from = sender();
    const comboId = idOf(written.gifts + 1);
    for (let combo = 1; ; combo++) {
      const id = idOf(++written.gifts);
      giftIds.push(id);
      const gift = {
        id,
        kind: "gift",
        streamId,
        hostId: "host",
        sender: from,
        receivers: [host],
        giftType: { id: idOf(1), name: "Rose", creditAmount: 5, svgUrl: picture },
        count: 1,
        combo,
        comboId,
        price: 5,
        createdAt: new Date().toISOString(),
        due: "host",
        dueCredits: 5,
        charged: true,
        revision: 1,
      };
      write({ ...key.gift(streamId, id), ...gift });
      if (chance.hits(1 / gifts.rowMean)) return;
      await clock.wait(chance.around(gifts.spacingMilliseconds, 1500));
    }
  }

  /** A user who does not watch is banned: nobody's frames end, and the event is moderation. */
  function ban(): void {
    const id = idOf(++written.bans);
    const userId = `stranger${id}`;
    const member = {
      userId,
      revision: clock.now(),
      ban: { id, actionType: "BLOCK", endsAt: null },
    };
    write({ ...key.member(streamId, userId), ...member });
  }

  async function liveSteadily(
    end: number,
    { messagesPerSecond, giftsPerSecond }: { messagesPerSecond: number; giftsPerSecond: number },
  ): Promise<void> {
    const each = async (act: () => void, perSecond: number) => {
      while (perSecond > 0 && clock.now() < end) {
        await clock.wait(chance.untilNext(perSecond / 1000));
        if (clock.now() < end) act();
      }
    };
    const rows = giftsPerSecond / gifts.rowMean;
    await Promise.all([each(say, messagesPerSecond), each(() => void giveRow(), rows)]);
  }

  return {
    stream,
    written,
    giftIds,
    /** Writes from now until `end`: with a burst between two times, or at one rate. */
    async live(
      end: number,
      how: { from: number; to: number } | { messagesPerSecond: number; giftsPerSecond: number },
    ): Promise<void> {
      if ("messagesPerSecond" in how) return liveSteadily(end, how);
      const burst = how;
      const average = (viewers * chat.perViewerMinute) / 60_000;
      const length = end - clock.now();
      const share = (burst.to - burst.from) / length;
      const calm = (average * (1 - share * chat.burst)) / (1 - share);
      const rate = (at: number) =>
        at >= burst.from && at < burst.to ? average * chat.burst : calm;
      const talk = async (act: () => void, factor: number) => {
        while (clock.now() < end) {
          // Thinning of the highest rate gives a process whose rate changes (Lewis and Shedler).
          await clock.wait(chance.untilNext(average * chat.burst * factor));
          if (clock.now() < end && chance.hits(rate(clock.now()) / (average * chat.burst))) act();
        }
      };
      const judge = async () => {
        for (;;) {
          await clock.wait(banSeconds * 1000);
          if (clock.now() >= end) return;
          ban();
        }
      };
      const rows = gifts.perMessage / gifts.rowMean;
      await Promise.all([talk(say, 1), talk(() => void giveRow(), rows), judge()]);
    },
  };
}

export type People = ReturnType<typeof createPeople>;
