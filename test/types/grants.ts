/** What a grant does not let anybody name: the compiler alone runs this (`npm run types`). */
import type { Grants } from "../../platform/lambda/grants.ts";
import type { Partition } from "../../platform/table/keys.ts";

export const valid: Grants = { read: ["USER", "FRAMES", "CATALOGUE"], write: ["REPLAY", "PARKED"] };

// @ts-expect-error: no key begins so.
export const misspelt: Grants = { read: ["USERS"] };

// @ts-expect-error: the head of a sort key is no partition.
export const sortKey: Grants = { write: ["MEMBER"] };

// @ts-expect-error: the layout is in every grant already.
export const layout: Grants = { read: ["LAYOUT"] };

// @ts-expect-error: were the keys plain strings, every text would be a partition.
export const anything: Partition = "anything" as string;
