import * as z from "zod";
import { Amount } from "../credits.ts";
import { UserId } from "../id.ts";
import { moment } from "../page.ts";
import type { UserSummary } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { httpsUrl, nameText, text } from "../text.ts";
import type { Stream } from "./stream.ts";

/** Guests that a stream may name. */
const guestsMax = 20;

/** A field left empty is one that was not filled in. */
const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional());

const optionalNumber = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => value ?? undefined, schema.optional());

const Guests = z.array(UserId, { error: "expected a list of user ids" }).max(guestsMax);

/** A file of a form; nothing but its size is looked at. */
const File = z
  .object({ bytes: z.instanceof(Uint8Array) })
  .transform(({ bytes }) => ({ size: bytes.length }));

/**
 * A stream as its host asks for it, in JSON or as a form. A picture that is sent as a file is
 * checked for its size and then not kept: a stage that stores files puts them elsewhere and sends
 * the URL.
 */
export const NewStream = z.object({
  title: nameText(1, 200).meta({ example: "Friday night" }),
  guests: optional(Guests).meta({ description: "Ids of users, in a form as JSON text" }),
  thumbnail: optional(z.union([httpsUrl, File])).meta({
    type: "string",
    format: "binary",
    description: "An image of at most 3.5 MB, which is not kept, or an https URL",
  }),
  price: optionalNumber(Amount).meta({ description: "Makes it a paid stream" }),
  liveStreamType: optional(text(1, 50)),
  interest: optional(text(1, 100)),
  durationGoal: optionalNumber(z.number().int().min(0).max(1_000_000)),
  motivation: optional(text(1, 500)),
  plannedStartDate: optional(moment),
});
export type NewStream = z.infer<typeof NewStream>;

/** In a form everything is text: what these fields are instead. */
export const streamForm = { guests: "json", price: "number", durationGoal: "number" } as const;

/** How late a planned start may come in: clocks differ, and a form takes a while to fill in. */
const lateMilliseconds = 5 * 60_000;

/** A new stream is `preparing`, with a planned start (which is to come) `scheduled`. */
export function makeStream(
  wish: NewStream,
  given: { id: string; host: UserSummary; defaultThumbnail: string; now: Date },
): Stream {
  const { id, host, now } = given;
  const at = now.toISOString();
  const plannedStartDate = wish.plannedStartDate ?? null;
  if (plannedStartDate !== null && Date.parse(plannedStartDate) < now.getTime() - lateMilliseconds)
    refuse("request_invalid", { problem: "plannedStartDate: expected a time to come" });
  return {
    id,
    hostId: host._id,
    host,
    title: wish.title,
    status: plannedStartDate === null ? "preparing" : "scheduled",
    channelName: channelNameOf(wish.title, id),
    liveStreamType: wish.liveStreamType ?? "solo",
    thumbnailUrl: typeof wish.thumbnail === "string" ? wish.thumbnail : given.defaultThumbnail,
    guests: wish.guests ?? [],
    price: wish.price ?? null,
    interest: wish.interest ?? null,
    durationGoal: wish.durationGoal ?? null,
    motivation: wish.motivation ?? null,
    plannedStartDate,
    startedAt: null,
    endedAt: null,
    deletedAt: null,
    createdAt: at,
    updatedAt: at,
    revision: 1,
    giftsEnabled: true,
    slowModeSeconds: 0,
    followersOnly: false,
    blockedWords: [],
    moderators: [],
    roomId: null,
  };
}

/** The title in lower-case ASCII letters, digits and dashes, and four characters of the id. */
export function channelNameOf(title: string, id: string): string {
  const words = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const slug = words.slice(0, 40).replace(/^-+|-+$/g, "");
  return `${slug === "" ? "live" : slug}-${id.slice(-4)}`;
}
