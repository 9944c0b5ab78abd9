import * as z from "zod";
import { ExpectedPrice } from "../credits.ts";
import { StreamId } from "../id.ts";
import { rowsLimit, wholeNumber } from "../page.ts";
import type { UserSummary } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { shownText } from "../text.ts";
import type { Message } from "./chat.ts";
import { channelUid, LiveStream } from "./live-stream.ts";
import { channelNameMax, isHost, type Stream } from "./stream.ts";

/**
 * The life of a stream: preparing or scheduled, active, ended; or cancelled before it began. Each
 * decision returns the fields that change, or undefined if nothing does, and refuses what is not
 * possible.
 */
type StreamChange = Partial<Stream> | undefined;

/** Whether a stream has not begun yet and still may. */
export const isBefore = ({ status }: Pick<Stream, "status">) =>
  status === "preparing" || status === "scheduled";

/** Whether a stream is over: it ended, expired or was cancelled. */
export const isOver = (stream: Pick<Stream, "status">) =>
  stream.status !== "active" && !isBefore(stream);

/**
 * Goes live, with the host's current names, which gifts will show. A host who rejoins their active
 * stream changes nothing.
 */
export function startStream(stream: Stream, host: UserSummary, now: Date): StreamChange {
  if (stream.status === "active") return undefined;
  if (!isBefore(stream)) refuse("stream_not_startable", { status: stream.status });
  return { status: "active", startedAt: now.toISOString(), host };
}

/**
 * From active to ended: only a live stream can end. A room notes by whom, for the application's
 * callback.
 */
export function endStream(stream: Stream, now: Date, by: string): Partial<Stream> {
  if (stream.status !== "active") refuse("stream_not_live", { status: stream.status });
  const room = stream.roomId === null ? {} : { room: { ...stream.room, destroyedBy: by } };
  return { status: "ended", endedAt: now.toISOString(), ...room };
}

/** Cancels a stream that has not begun. */
export function cancelStream(stream: Stream): Partial<Stream> {
  if (!isBefore(stream)) refuse("stream_not_cancellable", { status: stream.status });
  return { status: "cancelled_by_host" };
}

/** A guest cancels a planned stream, which cannot take place without its guests. */
export function cancelAsGuest(stream: Stream): Partial<Stream> {
  if (stream.status !== "scheduled") refuse("stream_not_cancellable", { status: stream.status });
  return { status: "cancelled_by_guest" };
}

/** Soft deletion; a live stream must be ended first. */
export function deleteStream(stream: Stream, now: Date): StreamChange {
  if (stream.status === "active") refuse("stream_live");
  return { deletedAt: now.toISOString() };
}

/** The user who acts on a stream. */
export type Acting = { userId: string; roles: readonly string[] };

/** Whether the caller is the host, or an admin, who may act on the host's behalf. */
export const mayHost = (stream: Stream, caller: Acting) =>
  isHost(stream, caller.userId) || caller.roles.includes("admin");

/** Admits the host, and admins on their behalf. */
export function assertMayHost(stream: Stream, caller: Acting): void {
  if (!mayHost(stream, caller)) refuse("stream_not_yours");
}

/** Whether the caller is the host, a moderator named by the host, or an admin. */
export const mayModerate = (stream: Stream, caller: Acting) =>
  isHost(stream, caller.userId) ||
  stream.moderators.includes(caller.userId) ||
  caller.roles.includes("admin");

/** How an existing stream refuses a caller who may not moderate it, or no longer see it. */
export const moderatorRefusals = ["member_blocked", "pass_required", "not_a_moderator"] as const;

/** Admits the host, moderators named by the host, and admins. */
export function assertMayModerate(stream: Stream, caller: Acting): void {
  if (!mayModerate(stream, caller)) refuse("not_a_moderator");
}

/** Authors may delete their own messages; the host, moderators and admins may delete any. */
export function assertMayDelete(
  stream: Stream,
  { sender }: Message,
  caller: Parameters<typeof assertMayModerate>[1],
): void {
  if (sender.userId !== caller.userId) assertMayModerate(stream, caller);
}

/** The body of a join; only the stream matters among the fields that clients send. */
export const JoinRequest = z.object({ liveStreamId: StreamId });

/** A viewer's join, which buys a pass for a paid stream, optionally only at an expected price. */
export const ViewerJoinRequest = JoinRequest.extend({ expectedPrice: ExpectedPrice.optional() });

/** The stream with what the video client needs. `token` is null: Ovation issues no video tokens. */
export const Joined = z
  .object({
    liveStream: LiveStream,
    token: shownText(4096).nullable(),
    channelName: shownText(channelNameMax),
    uid: z.number().int(),
  })
  .meta({ id: "JoinedStream" });

export const joinedOf = (stream: LiveStream, userId: string): z.infer<typeof Joined> => ({
  liveStream: stream,
  token: null,
  channelName: stream.channelName,
  uid: channelUid(userId),
});

const minutes = wholeNumber(0, 1_000_000).default(1440);

/**
 * Filter of scheduled streams: those planned to start within this many minutes before and after
 * now.
 */
export const UpcomingQuery = z.object({
  limit: rowsLimit(999_999_999, 10).meta({
    description: "The maximum number of rows to return; above 100, it is 100",
  }),
  minutesBefore: minutes.meta({
    description: "Include streams whose planned start was at most this many minutes ago",
  }),
  minutesAfter: minutes.meta({
    description: "Include streams that are planned to start within this many minutes",
  }),
});

/** Whether a scheduled stream is planned to start within these minutes around now. */
export function isWithin(
  { status, plannedStartDate }: Pick<Stream, "status" | "plannedStartDate">,
  { minutesBefore, minutesAfter }: { minutesBefore: number; minutesAfter: number },
  now: Date,
): boolean {
  if (status !== "scheduled" || plannedStartDate === null) return false;
  const minutes = (Date.parse(plannedStartDate) - now.getTime()) / 60_000;
  return minutes >= -minutesBefore && minutes <= minutesAfter;
}
