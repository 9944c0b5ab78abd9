import * as z from "zod";
import { shownText } from "./text.ts";

/** A whole number in a query string. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected ${min} to ${max}`)
    .meta({ type: "integer", minimum: min, maximum: max });

/** A Boolean in a query string. */
export const booleanText = z
  .enum(["true", "false"], { error: "expected true or false" })
  .transform((value) => value === "true")
  .meta({ type: "boolean", enum: [true, false] });

/**
 * Whether this day and minute exist, for four-digit years: `Date.parse` turns February 30 into
 * March 2 and 24:00 into the next day.
 */
function exists(value: string): boolean {
  const minute = value.slice(0, "2026-01-15T10:30".length);
  const local = new Date(`${minute}${value.includes("T") ? "Z" : ""}`).getTime();
  const moment = Date.parse(value);
  return (
    Number.isFinite(local) &&
    new Date(local).toISOString().startsWith(minute) &&
    Number.isFinite(moment) &&
    /^\d/.test(new Date(moment).toISOString())
  );
}

/** How the API description shows a time: with a time and a zone, or only a date. */
const dateTimeMeta = {
  anyOf: [
    { type: "string", format: "date-time", maxLength: 35 },
    { type: "string", format: "date", maxLength: 10 },
  ],
  maxLength: 35,
};

/**
 * A time in a query or body: ISO 8601 with a zone, or a date, which means its beginning in UTC.
 */
export const dateTime = z
  .string({ error: "expected an ISO 8601 date" })
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/, {
    error: "expected an ISO 8601 date",
    abort: true,
  })
  .refine(exists, "expected a date that exists")
  .transform((value) => new Date(value).toISOString())
  .meta(dateTimeMeta);

/** The end of a span: a date without a time means its last millisecond. */
export const dateTimeEnd = z
  .string({ error: "expected an ISO 8601 date" })
  .transform((value) => (/^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T23:59:59.999Z` : value))
  .pipe(dateTime)
  .meta(dateTimeMeta);

/** The page number and size of a query, up to 100; `limitDefault` is the default size. */
export const pageQuery = (limitDefault: number) =>
  z.object({
    page: wholeNumber(1, 999_999_999).default(1).meta({ description: "The page number, from 1" }),
    limit: rowsLimit(100, limitDefault),
  });

/**
 * The page number of a list that supports cursors too. A query with both is refused, which requires
 * a page without a default; the store uses 1.
 */
export const pageOrCursor = <Cursor extends z.ZodType>(cursor: Cursor) => ({
  page: wholeNumber(1, 999_999_999)
    .optional()
    .meta({ description: "The page number, from 1; cannot be combined with `after`", default: 1 }),
  after: cursor.optional().meta(cursorMeta),
});

/** Refuses a query that has both a page and a cursor. */
export const eitherPageOrCursor = ({ page, after }: { page?: unknown; after?: unknown }) =>
  page === undefined || after === undefined;
export const eitherPageOrCursorError = "after: expected without page";

/** The `limit` of a query: the largest number of rows in the response. */
export const rowsLimit = (max: number, byDefault: number) =>
  wholeNumber(1, max)
    .default(byDefault)
    .meta({ description: "The maximum number of rows to return" });

const count = z.number().int().min(0);

/** The pagination of an enveloped list, as in the Allmine API. */
export const Pagination = z
  .object({
    currentPage: count,
    totalPages: count,
    totalItems: count,
    itemsPerPage: count,
    hasNextPage: z.boolean(),
    hasPrevPage: z.boolean(),
  })
  .meta({ id: "Pagination" });

/** The number of rows before the requested ones, by page number or cursor. */
export const rowsBefore = (
  { page = 1, limit }: { page?: number | undefined; limit: number },
  byCursor: number | undefined,
) => byCursor ?? (page - 1) * limit;

/** The position of a page among all pages, in the shape list+pagination. */
export function paginationOf(page: number, limit: number, totalItems: number) {
  const totalPages = Math.ceil(totalItems / limit);
  return {
    currentPage: page,
    totalPages,
    totalItems,
    itemsPerPage: limit,
    hasNextPage: page < totalPages,
    hasPrevPage: page > 1,
  };
}

/** One page of rows held in memory, in the shape list+pagination. */
export function pageOf<Row>(rows: readonly Row[], page: number, limit: number) {
  const list = rows.slice((page - 1) * limit, page * limit);
  return { list, pagination: paginationOf(page, limit, rows.length) };
}

/** How the API description shows the cursor of a list. */
export const cursorMeta = {
  description: "The `nextCursor` of the previous page; omit it for the first page",
};

/** The query of a list with cursors; each cursor is the id of a row. */
export const cursorQuery = <Cursor extends z.ZodType>(cursor: Cursor, limitMax = 100) =>
  z.object({ after: cursor.optional().meta(cursorMeta), limit: rowsLimit(limitMax, 20) });

/** The pageInfo of a list with cursors; `nextCursor` is null at the end. */
export const PageInfo = z
  .object({ nextCursor: shownText(200).nullable(), hasNextPage: z.boolean(), limit: count })
  .meta({ id: "PageInfo" });

/** A page of a list with cursors. */
type CursorPage<Row> = { list: Row[]; pageInfo: z.infer<typeof PageInfo> };

/**
 * The page and its pageInfo, from `limit` + 1 rows: the extra row shows that there is a next page.
 * `cursorOf` identifies a row with characters of A-Z a-z 0-9 _ -.
 */
export function cursorPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
): CursorPage<Row> {
  const list = rows.slice(0, limit);
  const last = list.at(-1);
  const hasNextPage = rows.length > limit;
  return pageUntil(list, limit, hasNextPage && last !== undefined ? cursorOf(last) : undefined);
}

/**
 * A page that may have fewer rows than its limit although others follow; `next` is the cursor of
 * the next page, undefined at the end.
 */
export const pageUntil = <Row>(
  list: Row[],
  limit: number,
  next: string | undefined,
): CursorPage<Row> => ({
  list,
  pageInfo: { nextCursor: next ?? null, hasNextPage: next !== undefined, limit },
});
