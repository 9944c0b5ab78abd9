import { logNotice } from "../log.ts";

let lost = 0;

/** Counts a message that left without an answer: nobody knows whether it arrived. */
export function noteLoss(): void {
  lost += 1;
}

/**
 * Tells how many posts were lost since it was last told: one line for each event that a function
 * takes, which a metric and an alarm add up. Losses after the end of an event come with the next.
 */
export function tellLosses(): void {
  if (lost === 0) return;
  logNotice("Posts were lost", { lost });
  lost = 0;
}
