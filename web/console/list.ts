import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { CallInput, CallResult, Route } from "../../client/index.ts";
import { showToast } from "./actions.tsx";
import { call, refusedOf } from "./api.ts";
import { type Loaded, useLoad } from "./load.ts";
import { filter, setFilters } from "./router.ts";

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

/** Rows per page. */
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
    return { rows: answer.list, next: nextIn(answer) };
  },
});

function nextIn(answer: Listed): Next | undefined {
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

/**
 * The next page after these rows. Numbered pages shift as rows are added and removed, so the number
 * of loaded rows decides: the page with the first row that may be missing.
 */
const nextOf = ({ rows, next }: Page<unknown>) =>
  next && "page" in next ? { page: 1 + Math.floor(rows.length / limit) } : next;

/** A list that loads page by page, and its selected row. */
export type List<Row> = Pick<Loaded<Page<Row>>, "refused" | "reload"> & {
  /** Undefined until the first page has loaded. */
  rows: readonly Row[] | undefined;
  /** The row named in the URL, even if its page has not been loaded or it has left the list. */
  selected: Row | undefined;
  /** Why the row named in the URL could not be loaded. */
  missing: Loaded<Row>["refused"];
  idOf(row: Row): string;
  hasMore: boolean;
  isReading: boolean;
  /** Loads the next page. */
  more(): Promise<void>;
  /**
   * Reloads the first page and keeps the rows that follow it, about as many as were asked for;
   * returns false if that fails.
   */
  refresh(): Promise<boolean>;
  /** Replaces the row with the same id. */
  put(row: Row): void;
  /** Removes a row, and closes its detail. */
  remove(id: string): void;
  /** Replaces the rows; returns false if none have loaded yet. */
  change(change: (rows: readonly Row[]) => readonly Row[]): boolean;
  /** `change` for a list of numbered pages: keeps as many rows as before, and at least `max`. */
  changeUpTo(max: number, change: (rows: readonly Row[]) => readonly Row[]): boolean;
};

/**
 * The loaded pages of a list, without duplicates: rows, the next page's parameters, and how to load
 * more or newer ones.
 */
function usePages<Row extends object>(idOf: (row: Row) => string, source: Source<Row>) {
  const isReading = useSignal(false);
  const refreshes = useRef(0);
  /** The next page's parameters, by the last row of each page that was read. */
  const ends = useRef(new WeakMap<Row, Next>());
  /** How many rows the user has asked for. */
  const asked = useRef(limit);
  const readPage = async (next?: Next) => {
    const page = await source.read(next);
    const last = page.rows.at(-1);
    if (page.next && last) ends.current.set(last, page.next);
    return page;
  };
  const loaded = useLoad(source.key, () => {
    asked.current = limit;
    return readPage();
  });
  const { value, change } = loaded;
  const endOf = (page: Page<Row> | undefined) => page?.rows.slice(-1).map(idOf)[0];
  const more = async () => {
    isReading.value = true;
    try {
      let before = value;
      let next = value && nextOf(value);
      for (let isDone = false; next !== undefined && !isDone; ) {
        const page: Page<Row> = await readPage(next);
        next = page.next;
        const isTaken = change((now) => {
          // The rows before this page have been replaced meanwhile.
          if (endOf(now) !== endOf(before)) {
            [before, next] = [now, nextOf(now)];
            return now;
          }
          const ids = new Set(now.rows.map(idOf));
          const added = page.rows.filter((row) => !ids.has(idOf(row)));
          isDone = added.length > 0;
          asked.current = now.rows.length + added.length;
          return { rows: [...now.rows, ...added], next: page.next };
        });
        isDone ||= !isTaken;
      }
    } catch (error) {
      showToast({ says: "Could not load more.", refused: refusedOf(error) });
    }
    isReading.value = false;
  };
  const refresh = async () => {
    const own = ++refreshes.current;
    const page = await readPage().catch(() => undefined);
    if (page === undefined) return false;
    // A later refresh has newer rows.
    if (own !== refreshes.current) return true;
    return change(({ rows, next }) => {
      const ids = new Set(page.rows.map(idOf));
      const shared = rows.findLastIndex((row) => ids.has(idOf(row)));
      // Without a shared row, there may be more rows between this page and the known ones.
      if (shared === -1 || page.next === undefined) return page;
      const all = [...page.rows, ...rows.slice(shared + 1)];
      const end = all.findIndex((row, at) => at + 1 >= asked.current && ends.current.has(row));
      const last = all[end];
      if (last === undefined) return { rows: all, next };
      return { rows: all.slice(0, end + 1), next: ends.current.get(last) };
    });
  };
  return { ...loaded, isReading: isReading.value, more, refresh };
}

/** Loads a list. `find` loads the row named in the URL if it is on no loaded page. */
export function useList<Row extends object>(
  idOf: (row: Row) => string,
  source: Source<Row>,
  find?: (id: string) => Promise<Row>,
): List<Row> {
  const { value, change, ...pages } = usePages(idOf, source);
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
  return {
    ...pages,
    rows: value?.rows,
    selected: kept.current ?? found.value,
    missing: wanted === "" ? undefined : found.refused,
    idOf,
    hasMore: value?.next !== undefined,
    put(row) {
      if (kept.current !== undefined && idOf(kept.current) === idOf(row)) kept.current = row;
      alter((rows) => rows.map((one) => (idOf(one) === idOf(row) ? row : one)));
      found.change((one) => one && row);
    },
    remove(gone) {
      alter((rows) => rows.filter((row) => idOf(row) !== gone));
      if (filter("id") === gone) setFilters({ id: "" }, true);
    },
    change: alter,
    changeUpTo: (max, change_) =>
      change((page) => {
        const all = change_(page.rows);
        const rows = all.slice(0, Math.max(max, page.rows.length));
        return { rows, next: rows.length < all.length ? { page: 1 } : page.next };
      }),
  };
}
