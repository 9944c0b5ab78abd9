import * as z from "zod";
import { Amount } from "../credits.ts";

const wholeNumber = (min: number, max: number) => {
  const form = { error: `expected a whole number from ${min} to ${max}` };
  return z.number(form).int(form).min(min, form).max(max, form);
};

/** The largest number of levels of a train. */
const levelsMax = 10;

/**
 * When a stream's hype trains begin, and how many levels they have. A train starts automatically
 * with the gift that brings the senders and credits within the window up to these numbers.
 */
export const TrainSettings = z
  .object({
    enabled: z.boolean({ error: "expected true or false" }),
    startCredits: Amount.meta({ description: "Credits within the window that start a train" }),
    startSenders: wholeNumber(2, 50).meta({
      description: "Distinct senders within the window that start a train",
    }),
    windowSeconds: wholeNumber(60, 600),
    levels: z
      .array(Amount, { error: "expected a list of credits" })
      .min(1, `expected 1 to ${levelsMax} levels`)
      .max(levelsMax, `expected 1 to ${levelsMax} levels`)
      .refine((all) => all.every((credits, at) => credits > (all[at - 1] ?? 0)), {
        error: "expected each level higher than the one before",
      })
      .meta({ description: "Total credits that each level requires, ascending" }),
    levelSeconds: wholeNumber(60, 600).meta({
      description: "Initial duration in seconds, and the extension for each level reached",
    }),
  })
  .meta({
    id: "TrainSettings",
    example: {
      ...{ enabled: true, startCredits: 100, startSenders: 2, windowSeconds: 300 },
      ...{ levels: [200, 500, 1000], levelSeconds: 120 },
    },
  });
export type TrainSettings = z.infer<typeof TrainSettings>;

/** The settings of a stream or channel whose host has not set any. */
export const defaultTrain: TrainSettings = {
  enabled: false,
  startCredits: 100,
  startSenders: 3,
  windowSeconds: 300,
  levels: [300, 700, 1_300, 2_100, 3_100],
  levelSeconds: 300,
};

/** The settings of a stream or a channel. */
export const trainOf = ({ train }: { train?: TrainSettings | undefined }): TrainSettings =>
  train ?? defaultTrain;

const fields = Object.keys(TrainSettings.shape) as (keyof TrainSettings)[];

/** Whether two settings are equal, whatever the stored order of their fields. */
export const isSameTrain = (a: TrainSettings, b: TrainSettings): boolean =>
  fields.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
