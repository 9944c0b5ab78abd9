import { frameBytesMax } from "../../domain/log/frame.ts";

/**
 * Sizes that only a large or busy room reaches, and times that tests would have to wait for. They
 * are listed together because faults beyond one of them never appear in a small room; tests make
 * them small.
 */
export type Limits = {
  /** The number of a stream's record ids that one environment remembers. */
  coveredRecords: number;
  /** The largest frame in UTF-8 bytes. */
  frameBytes: number;
  /** Frames of one page when a log is read or missed frames are sent: usually one suffices. */
  pageFrames: number;
  /** Pages of missed frames that a connection is sent in one turn, so that turns stay short. */
  turnPages: number;
  /**
   * The most viewers for whom going live is one transaction with the next frame: in a larger room,
   * reconnecting viewers would conflict with each other and with its frames.
   */
  exactViewers: number;
  /**
   * The most gathered records that one call reads, and so the most in a frame: their ids are stored
   * with it, and an item holds 400 KB.
   */
  backlogRecords: number;
  /** Bytes of gathered records in one item, well below 400 KB. */
  backlogBytes: number;
  /** Items of one page of gathered records: about one frame of a busy room. */
  backlogPage: number;
  /**
   * The number of posts after which the log is marked, so that an interrupted call of a large room
   * loses little work.
   */
  postsPerMark: number;
  /** Subscribers of one range, above which the next read uses more ranges in parallel. */
  rangeSubscribers: number;
  /** Up to this many dead connections are removed as soon as they are found. */
  goneAtOnce: number;
  /** The most dead connections removed by one call. */
  gonePerCall: number;
  /** The timeout of calls to a customer's server. */
  outboundMilliseconds: number;
};

const standard: Limits = {
  coveredRecords: 5_000,
  frameBytes: frameBytesMax,
  pageFrames: 20,
  turnPages: 5,
  exactViewers: 100,
  backlogRecords: 4_000,
  backlogBytes: 300_000,
  backlogPage: 20,
  postsPerMark: 80_000,
  rangeSubscribers: 500,
  goneAtOnce: 5,
  gonePerCall: 20,
  outboundMilliseconds: 10_000,
};

let current = standard;

/** The limits in effect in this process. */
export const limits = (): Limits => current;

/** Replaces some limits, or with undefined restores all of them: for tests. */
export function useLimits(others: Partial<Limits> | undefined): void {
  current = { ...standard, ...others };
}
