import { logNotice } from "../log.ts";

let lost = 0;

/** Counts a message that left without an answer: nobody knows whether it arrived. */
export function noteLoss(): void {
  lost += 1;
}

/**
 * Logs how many posts have been lost since the last such line: at most one line for each event that
 * a function handles, which a metric and an alarm add up. Losses after the end of an event are
 * logged with the next one.
 */
export function tellLosses(): void {
  if (lost === 0) return;
  logNotice("Posts were lost", { lost });
  lost = 0;
}
