import * as z from "zod";
import { shownText, Timestamp } from "../text.ts";

/** A parked record's id in paths and cursors, in characters that URLs allow. */
export const ParkedId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,200}$/, "expected the id of a parked record")
  .meta({
    description: "The id of a parked record",
    example: "MjAyNi0wMS0xNSBTVFJFQU0jYSBHSUZUI2I",
  });

const nullable = (says: string) => shownText(200).nullable().meta({ description: says });

/** A record that could not be settled and was set aside, as operators see it. */
export const ParkedRecord = z
  .object({
    id: ParkedId,
    reason: shownText(1000).meta({ description: "Why the record could not be settled" }),
    kind: nullable("gift, superlike or share; null if unknown"),
    streamId: nullable("The stream of the gift; null if unknown"),
    giftId: nullable("The id of the gift; null if unknown"),
    receiverId: nullable("The user to be credited; null if unknown"),
    credits: z
      .number()
      .nullable()
      .meta({ description: "The credits not yet settled; null if unknown" }),
    parkedAt: Timestamp,
    expiresAt: Timestamp,
  })
  .meta({ id: "ParkedRecord" });
export type ParkedRecord = z.infer<typeof ParkedRecord>;

/**
 * The outcome of a redrive: `settled` now, `settled_before` by another call, or `gone` together
 * with its stream.
 */
export const RedriveOutcome = z.enum(["settled", "settled_before", "gone"]);
export type RedriveOutcome = z.infer<typeof RedriveOutcome>;
