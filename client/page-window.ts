/** Messages of the largest page that the API returns. */
const pageMax = 100;

/** Known messages that a window includes, because it may have shifted meanwhile. */
const overlap = 2;

/** The page and size that cover an offset and most of the messages after it. */
export function windowAt(offset: number): { page: number; size: number } {
  let best = { page: 1, size: pageMax, behind: 0 };
  for (let size = pageMax; size > pageMax / 2; size--) {
    const page = Math.floor(Math.max(0, offset - overlap) / size) + 1;
    const behind = page * size - 1 - offset;
    if (behind > best.behind) best = { page, size, behind };
  }
  return best;
}
