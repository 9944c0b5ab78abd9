import { isAdmitted } from "../../../domain/streams/pass.ts";
import { findMember } from "./members.ts";
import { findStream } from "./streams.ts";

/** Whether a user who was let into a paid stream still would be, without a role of their token. */
export async function isStillAdmitted(streamId: string, userId: string): Promise<boolean> {
  const [stream, member] = await Promise.all([
    findStream(streamId, { consistent: true }),
    findMember(streamId, userId, { consistent: true }),
  ]);
  return stream === undefined || isAdmitted(stream, member, { userId });
}
