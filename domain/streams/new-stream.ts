import * as z from "zod";
import { Amount, amountMax } from "../credits.ts";
import { UserId } from "../id.ts";
import { dateTime } from "../page.ts";
import type { UserSummary } from "../people/user.ts";
import { PictureFile, pictureBytesMax, pictureField } from "../picture.ts";
import { refuse } from "../refusal.ts";
import { httpsUrl, nameText, text, withDefault } from "../text.ts";
import { type Channel, channelFields, newChannel } from "./channel.ts";
import { channelNameMax, guestsMax, type Stream } from "./stream.ts";

/** An empty field counts as omitted. */
const optional = <S extends z.ZodType>(schema: S) =>
  z
    .preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional())
    .meta({ orElse: ["", null] });

const optionalNumber = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => value ?? undefined, schema.optional()).meta({ orElse: [null] });

const Guests = z
  .array(UserId, { error: "expected a list of user ids" })
  .max(guestsMax, `expected at most ${guestsMax} guests`);

const priceForm = { error: `expected a whole number from 0 to ${amountMax}` };
const Price = z.number(priceForm).int(priceForm).min(0, priceForm).max(amountMax, priceForm);

/** A text is a URL; anything else must be a file. */
const Thumbnail = z.union([httpsUrl, PictureFile.meta(pictureField)], {
  error: ({ input, errors }) => errors[typeof input === "string" ? 0 : 1]?.[0]?.message,
});

/**
 * A stream as its host requests it, as JSON or as a form, which may include its picture as a file.
 */
export const NewStream = z.object({
  title: nameText(1, 200).meta({ example: "Friday night" }),
  guests: withDefault(optional(Guests), [], "User ids; in a form, as a JSON array"),
  thumbnail: optional(Thumbnail).meta({
    description: `A PNG, JPEG, WebP or GIF of at most ${pictureBytesMax} bytes, or an https URL`,
  }),
  price: withDefault(optionalNumber(Price), 0, "Price of a pass in credits; 0 for a free stream"),
  fundingGoal: optionalNumber(Amount).meta({
    description: "Credits to collect before a planned stream starts; requires `plannedStartDate`",
  }),
  liveStreamType: withDefault(optional(text(1, 50)), "solo", "Free for your own use"),
  interest: optional(text(1, 100)).meta({ description: "The subject of the stream" }),
  durationGoal: optionalNumber(z.number().int().min(0).max(1_000_000)).meta({
    description: "The planned duration; free for your own use",
  }),
  motivation: optional(text(1, 500)).meta({
    description: "The host's motivation; free for your own use",
  }),
  plannedStartDate: optional(dateTime).meta({
    description: "A future time; makes the stream `scheduled`",
  }),
});
export type NewStream = z.infer<typeof NewStream>;

/** All form fields are text; these are parsed into other types. */
export const streamForm = {
  guests: "json",
  price: "number",
  fundingGoal: "number",
  durationGoal: "number",
} as const;

/**
 * How far in the past a planned start may be: clocks differ, and filling in a form takes time.
 */
const lateMilliseconds = 5 * 60_000;

/** What a new stream needs besides its host's input; `picture` is the uploaded file as stored. */
type NewStreamContext = {
  id: string;
  host: UserSummary;
  /** The initial settings: those of the host's channel, if they have set any. */
  channel?: Channel;
  defaultThumbnail: string;
  picture?: { id: string; url: string } | undefined;
  now: Date;
};

/**
 * A new stream: `preparing`, or `scheduled` if it has a planned start, which must be in the future.
 */
export function makeStream(request: NewStream, context: NewStreamContext): Stream {
  const { id, host, defaultThumbnail, picture, now } = context;
  const channel = context.channel ?? newChannel(host._id);
  const at = now.toISOString();
  const shown = picture?.url ?? defaultThumbnail;
  const plannedStartDate = request.plannedStartDate ?? null;
  if (plannedStartDate !== null && Date.parse(plannedStartDate) < now.getTime() - lateMilliseconds)
    refuse("request_invalid", { problem: "plannedStartDate: expected a time to come" });
  if (request.fundingGoal !== undefined && plannedStartDate === null)
    refuse("request_invalid", { problem: "fundingGoal: expected a plannedStartDate with it" });
  return {
    id,
    hostId: host._id,
    host,
    title: request.title,
    status: plannedStartDate === null ? "preparing" : "scheduled",
    channelName: channelNameOf(request.title, id),
    liveStreamType: request.liveStreamType ?? "solo",
    thumbnailUrl: typeof request.thumbnail === "string" ? request.thumbnail : shown,
    ...(picture && { pictureId: picture.id }),
    guests: [...new Set(request.guests)],
    price: request.price || null,
    ...(request.fundingGoal !== undefined && { fundingGoal: request.fundingGoal }),
    interest: request.interest ?? null,
    durationGoal: request.durationGoal ?? null,
    motivation: request.motivation ?? null,
    plannedStartDate,
    startedAt: null,
    endedAt: null,
    deletedAt: null,
    createdAt: at,
    updatedAt: at,
    revision: 1,
    ...channelFields(channel),
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
  const slug = words.slice(0, channelNameMax - 5).replace(/^-+|-+$/g, "");
  return `${slug === "" ? "live" : slug}-${id.slice(-4)}`;
}
