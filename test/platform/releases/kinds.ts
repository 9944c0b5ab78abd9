import { type Key, key } from "../../../platform/table/keys.ts";

/** The kinds of items, as the chart of keys has them. */
export type Kind = keyof typeof key;

/**
 * Sample ids and times: several, because a key may have a digit of an id's hash. Each has 16
 * characters, as many as keys take from a time.
 */
const samples = Array.from({ length: 64 }, (_, n) =>
  Array.from({ length: 4 }, (_, at) => String.fromCharCode(0xe000 + 4 * n + at).repeat(16)),
);

const pattern = (text: string) =>
  text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/[\ue000-\uf8ff]+/g, ".+");

/** How the keys of each kind look, and how many of their letters are always the same. */
const looks = Object.entries(key).flatMap(([kind, make]) => {
  const keys = samples.flatMap((ids) =>
    // Without the optional parameters, and with them.
    [make.length, ids.length].map((count) =>
      (make as (...ids: string[]) => Key)(...ids.slice(0, count)),
    ),
  );
  return [...new Set(keys.map(({ PK, SK }) => pattern(`${PK} ${SK}`)))].map((look) => ({
    kind: kind as Kind,
    matches: new RegExp(`^${look}$`),
    letters: look.replaceAll(".+", "").length,
  }));
});

/** The kinds that an item may be of, by its key: several where two kinds have keys of one form. */
export function kindsOf({ PK, SK }: Key): Kind[] {
  const found = looks.filter(({ matches }) => matches.test(`${PK} ${SK}`));
  const most = Math.max(...found.map(({ letters }) => letters));
  return [...new Set(found.filter(({ letters }) => letters === most).map(({ kind }) => kind))];
}
