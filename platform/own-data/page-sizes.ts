/** What one page of an erasure reads and changes at most; none of it depends on what is kept. */
export type PageSizes = {
  /** Items of one partition that a page reads. */
  items: number;
  /** Messages of one stream that a page reads. */
  messages: number;
  /** Items that a page changes one after the other. */
  changes: number;
  /** Notifications that a page changes, some at the same time. */
  notices: number;
};

/**
 * At 20 ms a call a page takes less than the four seconds that an invocation must have left to
 * begin one.
 */
const standard: PageSizes = { items: 100, messages: 200, changes: 25, notices: 100 };

let current = standard;

/** The sizes that hold in this process. */
export const pageSizes = (): PageSizes => current;

/** Replaces some sizes, or with undefined restores all of them: for tests. */
export function usePageSizes(others: Partial<PageSizes> | undefined): void {
  current = { ...standard, ...others };
}
