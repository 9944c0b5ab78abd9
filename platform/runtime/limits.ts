import { frameBytesMax } from "../../domain/log/frame.ts";

/**
 * Limits that only large or busy rooms reach, and times that tests cannot wait for. Faults beyond
 * them never appear in small rooms, so tests lower these limits.
 */
export type Limits = {
  /** Record ids of one stream that an environment caches. */
  coveredRecords: number;
  /** Maximum size of a frame in UTF-8 bytes. */
  frameBytes: number;
  /** Frames per page when a log is read or missed frames are sent. Usually one page suffices. */
  pageFrames: number;
  /** Pages of missed frames that one job sends to a connection, so that jobs stay short. */
  jobPages: number;
  /**
   * Viewers up to which going live is one transaction with a check of the next frame. In larger
   * rooms, reconnecting viewers would conflict with each other and with new frames.
   */
  exactViewers: number;
  /**
   * Backlog records that one call reads, hence records of one frame: it stores their ids, and an
   * item may have 400 KB.
   */
  backlogRecords: number;
  /** Bytes of backlog records per item, well below 400 KB. */
  backlogBytes: number;
  /** Backlog items per page: about one frame of a busy room. */
  backlogPage: number;
  /**
   * Posts after which the log is marked, so that an interrupted call in a large room repeats
   * little.
   */
  postsPerMark: number;
  /** Subscribers per range; above it, the next read uses more ranges in parallel. */
  rangeSubscribers: number;
  /** Dead connections up to which all are removed at once. */
  deadAtOnce: number;
  /** Dead connections that one call removes. */
  deadPerCall: number;
  /** The timeout of calls to a customer's server. */
  outboundMilliseconds: number;
};

const standard: Limits = {
  coveredRecords: 5_000,
  frameBytes: frameBytesMax,
  pageFrames: 20,
  jobPages: 5,
  exactViewers: 100,
  backlogRecords: 4_000,
  backlogBytes: 300_000,
  backlogPage: 20,
  postsPerMark: 80_000,
  rangeSubscribers: 500,
  deadAtOnce: 5,
  deadPerCall: 20,
  outboundMilliseconds: 10_000,
};

let current = standard;

/** The limits of this process. */
export const limits = (): Limits => current;

/** Overrides some limits, or restores all of them if undefined. For tests. */
export function useLimits(others: Partial<Limits> | undefined): void {
  current = { ...standard, ...others };
}
