import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { CallInput, CallResult, Route } from "../../client/index.ts";
import { showToast } from "./actions.tsx";
import { call, refusedOf } from "./api.ts";
import { type Loaded, useLoad } from "./load.ts";
import { filter, set } from "./router.ts";

/** The parameters that name a page: a cursor, or its number. */
type Next = { after: string } | { page: number };
/** Rows of one call, and the parameters of the next one; undefined at the end of the list. */
type Page<Row> = { rows: readonly Row[]; next?: Next | undefined };

/** The source of a list's rows; the list starts over when `key` changes. */
export type Source<Row> = { key: string; read(next?: Next): Promise<Page<Row>> };

type Listed<Row = unknown> = { list: readonly Row[] } & (
  | { pageInfo: { nextCursor: string | null } }
  | { pagination: { currentPage: number; hasNextPage: boolean } }
);
/** Routes that return a list in pages. */
type ListRoute = {
  [R in Route]: CallResult<R> extends Listed ? R : never;
}[Route];
export type RowOf<R extends ListRoute> = CallResult<R> extends Listed<infer Row> ? Row : never;

/** Rows of a page. */
export const limit = 50;
/** The parameters of a list are known only at run time. */
const callAny: (route: string, given: object) => Promise<Listed<never>> = call;

/** The rows of a paged call, with a cursor or page numbers. */
export const pagesOf = <R extends ListRoute>(
  route: R,
  input?: CallInput<R> & { query?: object },
): Source<RowOf<R>> => ({
  key: JSON.stringify([route, input]),
  async read(next) {
    const query = { limit, ...input?.query, ...next };
    const answer: Listed<RowOf<R>> = await callAny(route, { ...input, query });
    return { rows: answer.list, next: nextOf(answer) };
  },
});

function nextOf(answer: Listed): Next | undefined {
  if ("pageInfo" in answer) {
    const after = answer.pageInfo.nextCursor;
    return after === null ? undefined : { after };
  }
  const { currentPage, hasNextPage } = answer.pagination;
  return hasNextPage ? { page: currentPage + 1 } : undefined;
}

/** The rows of a call that returns all at once. */
export const allOf = <Row>(key: string, read: () => Promise<readonly Row[]>): Source<Row> => ({
  key,
  read: async () => ({ rows: await read() }),
});

/** A list that loads page by page, and its selected row. */
export type List<Row> = Pick<Loaded<Page<Row>>, "refused" | "reload"> & {
  /** Undefined until the first page has loaded. */
  rows: readonly Row[] | undefined;
  /** The row named in the URL, even if its page has not been loaded or it has left the list. */
  selected: Row | undefined;
  /** Why that row could not be loaded. */
  missing: Loaded<Row>["refused"];
  idOf(row: Row): string;
  hasMore: boolean;
  isReading: boolean;
  /** Loads the next page. */
  more(): Promise<void>;
  /** Reloads the first page and keeps the others; returns false if that fails. */
  refresh(): Promise<boolean>;
  /** Replaces the row with the same id. */
  put(row: Row): void;
  /** Removes a row, and closes its detail. */
  remove(id: string): void;
  /** Replaces the rows; returns false if none have loaded yet. */
  change(change: (rows: readonly Row[]) => readonly Row[]): boolean;
};

/**
 * Loads a list. Numbered pages shift as rows are added and removed: the next one begins where the
 * first missing row may be, and duplicates are skipped. `find` loads the row named in the URL if it
 * is on no loaded page.
 */
export function useList<Row>(
  idOf: (row: Row) => string,
  source: Source<Row>,
  find?: (id: string) => Promise<Row>,
): List<Row> {
  const { value, refused, reload, change } = useLoad(source.key, () => source.read());
  const isReading = useSignal(false);
  const refreshes = useRef(0);
  const id = filter("id");
  const listed = value?.rows.find((row) => idOf(row) === id);
  // A list of live rows drops the oldest: the selected one stays, with its detail.
  const kept = useRef<Row | undefined>(undefined);
  if (listed !== undefined) kept.current = listed;
  else if (kept.current !== undefined && idOf(kept.current) !== id) kept.current = undefined;
  const isAbsent = find !== undefined && value !== undefined && id !== "" && id !== "new";
  const wanted = isAbsent && kept.current === undefined ? id : "";
  const found = useLoad(wanted, async () => (wanted === "" ? undefined : find?.(wanted)));
  const alter = (change_: (rows: readonly Row[]) => readonly Row[]) =>
    change((page) => ({ ...page, rows: change_(page.rows) }));
  const without = (rows: readonly Row[], known: readonly Row[]) => {
    const ids = new Set(known.map(idOf));
    return rows.filter((row) => !ids.has(idOf(row)));
  };
  return {
    refused,
    reload,
    rows: value?.rows,
    selected: kept.current ?? found.value,
    missing: wanted === "" ? undefined : found.refused,
    idOf,
    hasMore: value?.next !== undefined,
    isReading: isReading.value,
    async more() {
      isReading.value = true;
      try {
        let next = value?.next;
        if (value && next && "page" in next)
          next = { page: 1 + Math.floor(value.rows.length / limit) };
        for (let isNew = false; next !== undefined && !isNew; ) {
          const page: Page<Row> = await source.read(next);
          next = page.next;
          const isTaken = change(({ rows }) => {
            const added = without(page.rows, rows);
            isNew = added.length > 0;
            return { rows: [...rows, ...added], next };
          });
          if (!isTaken) break;
        }
      } catch (error) {
        showToast({ says: "Could not load more.", refused: refusedOf(error) });
      }
      isReading.value = false;
    },
    async refresh() {
      const own = ++refreshes.current;
      const page = await source.read().catch(() => undefined);
      if (page === undefined) return false;
      // What a later one reads is newer.
      if (own !== refreshes.current) return true;
      return change(({ rows, next }) => ({
        rows: [...page.rows, ...without(rows, page.rows)],
        next,
      }));
    },
    put(row) {
      if (kept.current !== undefined && idOf(kept.current) === idOf(row)) kept.current = row;
      alter((rows) => rows.map((one) => (idOf(one) === idOf(row) ? row : one)));
      found.change((one) => one && row);
    },
    remove(gone) {
      alter((rows) => rows.filter((row) => idOf(row) !== gone));
      if (filter("id") === gone) set({ id: "" }, true);
    },
    change: alter,
  };
}
