import { isPictureAt } from "../text.ts";

/**
 * The address of a stream's thumbnail at another host; undefined if it is served here or is the
 * stage's default.
 */
export const thumbnailFrom = (
  { thumbnailUrl, pictureId }: { thumbnailUrl: string; pictureId?: string | undefined },
  defaultThumbnail: string,
): string | undefined =>
  thumbnailUrl === defaultThumbnail || isPictureAt(thumbnailUrl, pictureId)
    ? undefined
    : thumbnailUrl;
