import { useSignal } from "@preact/signals";
import { showToast } from "./actions.tsx";
import { refusedOf } from "./api.ts";
import { type Loaded, useLoad } from "./load.ts";

/** Rows that one call answers, and what the next call asks for; undefined where the list ends. */
export type Part<Row> = { rows: readonly Row[]; next: string | undefined };

/** A list that is read part by part. */
export type List<Row> = Pick<Loaded<Part<Row>>, "refused" | "reload"> & {
  /** Undefined until the first part is there. */
  rows: readonly Row[] | undefined;
  idOf(row: Row): string;
  hasMore: boolean;
  isReading: boolean;
  /** Reads the next part. */
  more(): Promise<void>;
  /** Reads the first part again and leaves the others as they are. */
  refresh(): Promise<void>;
  /** Puts what a call answered into the place of what was read before. */
  change(change: (rows: readonly Row[]) => readonly Row[]): void;
};

type ByCursor<Row> = { list: readonly Row[]; pageInfo: { nextCursor?: string | null } };
type ByNumber<Row> = {
  list: readonly Row[];
  pagination: { currentPage: number; hasNextPage: boolean };
};

export const partByCursor = <Row>({ list, pageInfo }: ByCursor<Row>): Part<Row> => ({
  rows: list,
  next: pageInfo.nextCursor ?? undefined,
});

export const partByNumber = <Row>({ list, pagination }: ByNumber<Row>): Part<Row> => ({
  rows: list,
  next: pagination.hasNextPage ? `${pagination.currentPage + 1}` : undefined,
});

/** What the next call asks for, as a query: by a cursor, or by the number of a page. */
export const after = (next: string | undefined) => (next === undefined ? {} : { after: next });
export const page = (next: string | undefined) => (next === undefined ? {} : { page: +next });

/**
 * Reads a list, and from its beginning whenever `of` is another. Numbered pages move while rows come
 * and go, so a row that was there is not taken twice.
 */
export function useList<Row>(
  of: string,
  idOf: (row: Row) => string,
  read: (next?: string) => Promise<Part<Row>>,
): List<Row> {
  const { value, refused, reload, change } = useLoad(of, () => read());
  const isReading = useSignal(false);
  const without = (rows: readonly Row[], known: readonly Row[]) => {
    const ids = new Set(known.map(idOf));
    return rows.filter((row) => !ids.has(idOf(row)));
  };
  return {
    refused,
    reload,
    rows: value?.rows,
    idOf,
    hasMore: value?.next !== undefined,
    isReading: isReading.value,
    async more() {
      isReading.value = true;
      try {
        const part = await read(value?.next);
        change(({ rows }) => ({
          rows: [...rows, ...without(part.rows, rows)],
          next: part.next,
        }));
      } catch (error) {
        showToast({ says: "No more could be read.", refused: refusedOf(error) });
      }
      isReading.value = false;
    },
    async refresh() {
      const part = await read().catch(() => undefined);
      if (part === undefined) return;
      change(({ rows, next }) => ({ rows: [...part.rows, ...without(rows, part.rows)], next }));
    },
    change: (alter) => change((part) => ({ ...part, rows: alter(part.rows) })),
  };
}
