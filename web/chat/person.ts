/** The part of a user that a row shows. Pictures are objects in some events and URLs in others. */
export type Person = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: string | { url: string; variants?: { "40": string } };
  role?: "host" | "moderator";
};

/** A hue, the same for a user everywhere (FNV-1a). */
export function hueOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (const character of userId) {
    hash ^= character.codePointAt(0)!;
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % 360;
}

/** The display name of a user: their name, else their username, else their id. */
export function nameOf({ name, surname, username, _id }: Person): string {
  return [name, surname].filter(Boolean).join(" ") || username || _id;
}

let segments: Intl.Segmenter | undefined;

/** The first character of a name as a reader sees it, even if it has several code points. */
export function initialOf(person: Person): string {
  segments ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const first = segments.segment(nameOf(person))[Symbol.iterator]().next().value;
  return first?.segment.toLocaleUpperCase() ?? "?";
}

/**
 * The URL of a user's picture; undefined if the initial is shown instead. Hosts under `example`
 * are reserved (RFC 2606): a stage without its own pictures has such a URL.
 */
export function pictureOf({ profilePhoto }: Person): string | undefined {
  const url =
    typeof profilePhoto === "string"
      ? profilePhoto
      : (profilePhoto.variants?.["40"] ?? profilePhoto.url);
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, origin } = new URL(url);
  const page = (globalThis as { location?: { origin: string } }).location;
  // On one machine pictures have the origin of the page, without TLS.
  const isSafe = protocol === "https:" || origin === page?.origin;
  return isSafe && !/(^|\.)example$/.test(hostname) ? url : undefined;
}
