import { make } from "./dom.ts";

/** Rows per chunk: with chunks, a new row causes little layout work. */
export const chunkRows = 32;

/** Puts rows into new chunks. */
export const chunksOf = (rows: HTMLElement[]): HTMLElement[] =>
  Array.from({ length: Math.ceil(rows.length / chunkRows) }, (_, n) =>
    make("div", { class: "chunk" }, ...rows.slice(n * chunkRows, (n + 1) * chunkRows)),
  );

/** The chunk before that of a row. */
export const previousChunk = (row: Element) => row.parentElement!.previousElementSibling;

/**
 * Splits a chunk that has grown too large, because rows inserted in the middle start no new one.
 * The upper rows move: moving a row replays its entrance, and these are rarely visible.
 */
export function split(chunk: Element): void {
  if (chunk.childElementCount <= 2 * chunkRows) return;
  const upper = make("div", { class: chunk.className });
  upper.append(...[...chunk.children].slice(0, -chunkRows));
  chunk.before(upper);
}

/** Removes a row, and its chunk if that is now empty: chunks out of view keep their height. */
export function removeRow(row: Element): void {
  const chunk = row.parentElement;
  row.remove();
  if (chunk?.childElementCount === 0) chunk.remove();
}

/**
 * Removes the oldest rows of a list. The focus of one of them goes to the list: the next row would
 * inherit it, and the list would scroll up to that row.
 */
export function dropRows(rows: readonly Element[], list: HTMLElement): void {
  if (rows.some((row) => row.matches(":focus-within"))) list.focus({ preventScroll: true });
  for (const row of rows) removeRow(row);
}
