import * as z from "zod";
import type { NewStream } from "../streams/new-stream.ts";
import type { Stream } from "../streams/stream.ts";
import {
  byteName,
  byteText,
  httpsUrl,
  rowsOf,
  shownText,
  shownUrl,
  withoutInvisible,
} from "../text.ts";
import { Account, RoomId } from "./room.ts";

const intMax = 2 ** 31 - 1;
const whole = z
  .number({ error: "expected a whole number" })
  .int("expected a whole number")
  .min(0, "expected at least 0")
  .max(intMax, `expected at most ${intMax}`);
const flag = z.boolean({ error: "expected true or false" });
const TakeSeatMode = z.enum(["FreeToTake", "ApplyToTake"], {
  error: "expected FreeToTake or ApplyToTake",
});
const Category = z
  .array(whole, { error: "expected an array of whole numbers" })
  .max(3, "expected at most 3 numbers");

/** Fields of a room that streams lack, kept only for the room commands. */
const RoomFields = z.object({
  CoverURL: z.string().default(""),
  Category: z.array(z.number()).default([]),
  MaxMemberCount: z.number().default(0),
  IsMessageDisabled: z.boolean().default(false),
  IsPublicVisible: z.boolean().default(true),
  IsSeatEnabled: z.boolean().default(false),
  TakeSeatMode: TakeSeatMode.default("FreeToTake"),
  MaxSeatCount: z.number().default(0),
  ActivityStatus: z.number().default(0),
  SeatTemplate: z.string().default(""),
  Notice: z.string().default(""),
});

/** Fields that can be set when a room is created and when it is changed. */
const changeable = {
  RoomName: byteName(0, 100),
  MaxMemberCount: whole,
  IsMessageDisabled: flag,
  CoverURL: byteText(0, 200),
  Category,
  ActivityStatus: whole,
  IsPublicVisible: flag,
  TakeSeatMode,
};

/** Fields of a new room that may be absent. */
const optional = z
  .object({
    ...changeable,
    IsSeatEnabled: flag,
    MaxSeatCount: whole,
    SeatTemplate: byteText(0, 50),
  })
  .partial().shape;

/** The fields of a new room that may be absent; an invalid value counts as absent, too. */
export const optionalFields = Object.fromEntries(
  Object.entries<z.ZodType>(optional).map(([name, schema]) => [name, schema.catch(undefined)]),
) as { [Name in keyof typeof optional]: z.ZodCatch<(typeof optional)[Name]> };

/** A new room. Limits are in UTF-8 bytes, as in the reference. */
export const NewRoom = z.object({
  RoomId,
  RoomType: z.literal("Live", { error: "expected Live" }),
  Owner_Account: Account.optional(),
  ...optional,
});
export type NewRoom = z.output<typeof NewRoom>;

/** A change of a room; omitted fields stay. */
export const RoomChange = z.object({
  RoomId,
  ...z.object({ ...changeable, Notice: byteText(0, 100) }).partial().shape,
});
export type RoomChange = z.output<typeof RoomChange>;

/** A room as get_room_info returns it. */
export const RoomInfo = z.object({
  RoomId: shownText(48),
  RoomName: shownText(200),
  RoomType: z.literal("Live"),
  Owner_Account: shownText(64),
  /** Seconds since 1970. */
  CreateTime: z.number().int(),
  IsSeatEnabled: z.boolean(),
  TakeSeatMode,
  MaxSeatCount: z.number().int(),
  MaxMemberCount: z.number().int(),
  IsMessageDisabled: z.boolean(),
  CoverURL: shownUrl,
  Category: rowsOf(z.number().int(), 3),
  ActivityStatus: z.number().int(),
  ViewCount: z.number().int(),
  IsPublicVisible: z.boolean(),
});

/** A room's title: its name; if that is missing or blank, the visible characters of its id. */
const titleOf = (roomId: string, name = "") =>
  name.trim() === "" ? withoutInvisible(roomId).trim() || "Live" : name;

/** The stream for a new room: its title is the room's name, or its id if it has none. */
export function newStreamOf({ RoomId: roomId, RoomName, CoverURL }: NewRoom): NewStream {
  const thumbnail = httpsUrl.safeParse(CoverURL);
  return {
    title: titleOf(roomId, RoomName),
    guests: undefined,
    thumbnail: thumbnail.success ? thumbnail.data : undefined,
    price: undefined,
    liveStreamType: undefined,
    interest: undefined,
    durationGoal: undefined,
    motivation: undefined,
    plannedStartDate: undefined,
  };
}

/** The fields of a new room that its stream stores for it. */
export const roomFieldsOf = (room: NewRoom): Record<string, unknown> => RoomFields.parse(room);

/**
 * The fields of a stream that a change of its room changes; undefined if there are none. An empty
 * CoverURL removes the room's cover.
 */
export function changeRoom(
  stream: Stream,
  change: RoomChange,
  defaultThumbnail: string,
): Partial<Stream> | undefined {
  const { RoomId: _, RoomName, ...fields } = change;
  const was = RoomFields.parse(stream.room ?? {});
  const room = RoomFields.parse({ ...was, ...withoutGaps(fields) });
  const { CoverURL } = fields;
  const cover = CoverURL === "" ? defaultThumbnail : httpsUrl.safeParse(CoverURL).data;
  const changes: Partial<Stream> = {};
  if (RoomName !== undefined) {
    const title = titleOf(stream.roomId ?? stream.id, RoomName);
    if (title !== stream.title) changes.title = title;
  }
  // Compared with the room's own URL, since the stream may show a copy that is served here.
  if (cover !== undefined && CoverURL !== was.CoverURL) changes.thumbnailUrl = cover;
  if (JSON.stringify(room) !== JSON.stringify(was)) changes.room = { ...stream.room, ...room };
  return Object.keys(changes).length === 0 ? undefined : changes;
}

const withoutGaps = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * The room as the Tencent API shows it; streams created through the other API show the defaults.
 */
export function roomInfoOf(stream: Stream, viewCount: number): z.infer<typeof RoomInfo> {
  const { SeatTemplate: _, Notice: __, ...fields } = RoomFields.parse(stream.room ?? {});
  return {
    RoomId: stream.roomId ?? stream.id,
    RoomName: stream.title,
    RoomType: "Live",
    Owner_Account: stream.hostId,
    CreateTime: Math.floor(Date.parse(stream.createdAt) / 1000),
    ...fields,
    CoverURL: fields.CoverURL || stream.thumbnailUrl,
    ViewCount: viewCount,
  };
}

/** The template of the seats, which only create_room sets. */
export const seatTemplateOf = ({ room }: Stream): string =>
  RoomFields.parse(room ?? {}).SeatTemplate;
