import { frameBytesMax } from "../../domain/log/frame.ts";

/**
 * Sizes that only a large or busy room reaches, and times that a test would have to wait for. They
 * stand together because what goes wrong beyond one of them shows in no small room: the tests make
 * them small.
 */
export type Limits = {
  /** Records whose ids one environment remembers of one stream. */
  coveredRecords: number;
  /** UTF-8 bytes of a frame. */
  frameBytes: number;
  /** Frames of one page when a log is read or missed frames are sent: most need one. */
  pageFrames: number;
  /** Pages of missed frames that a connection is sent in one turn, so that no turn is long. */
  turnPages: number;
  /**
   * The most viewers with whom going live is one transaction with the next frame: in a larger room,
   * when all reconnect at once, these would conflict with each other and with its frames.
   */
  exactViewers: number;
  /**
   * Gathered records that one call takes in, and so one frame at most: their ids are kept with it,
   * and an item holds 400 KB.
   */
  backlogRecords: number;
  /** Bytes of gathered records in one item, well below the 400 KB. */
  backlogBytes: number;
  /** Items of one page of what has gathered: about what one frame of a busy room takes in. */
  backlogPage: number;
  /**
   * Posts after which the log is marked, so that no call of a large room that is cut short was for
   * nothing.
   */
  postsPerMark: number;
  /** Subscribers of one range, above which the next reading takes more ranges at once. */
  rangeSubscribers: number;
  /** Up to this many connections that have gone are removed as soon as they are found. */
  goneAtOnce: number;
  /** The most connections that have gone and are removed by one call. */
  gonePerCall: number;
  /** The longest that a customer's server may take to answer a call of ours. */
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

/** The sizes that hold in this process. */
export const limits = (): Limits => current;

/** Puts other sizes in their place, or with undefined the usual ones again: for tests. */
export function useLimits(others: Partial<Limits> | undefined): void {
  current = { ...standard, ...others };
}
