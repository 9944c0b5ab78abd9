/** The most that one page of an erasure reads and changes, whatever the amount of data. */
export type PageSizes = {
  /** Items of one partition that a page reads. */
  items: number;
  /** Messages of one stream that a page reads. */
  messages: number;
  /** Items that a page changes in sequence. */
  changes: number;
  /** Notifications that a page changes, some of them concurrently. */
  notices: number;
};

/**
 * At 20 ms a call, a page of these sizes takes less than the four seconds that an invocation must
 * have left to begin it.
 */
const standard: PageSizes = { items: 100, messages: 200, changes: 25, notices: 100 };

let current = standard;

/** The sizes in effect in this process. */
export const pageSizes = (): PageSizes => current;

/** Replaces some sizes, or with undefined restores all of them: for tests. */
export function usePageSizes(others: Partial<PageSizes> | undefined): void {
  current = { ...standard, ...others };
}
