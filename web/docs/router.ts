/** Where this page is, and who calls from it. */
import { signal } from "@preact/signals";
import { fetchCast, type Player, tokensOf } from "../runner.ts";

/** The address of the API, without a slash at its end: a stage may lie below a path. */
export const base = location.origin + location.pathname.replace(/\/docs(\/events)?\/?$/, "");
export const isEvents = /\/events\/?$/.test(location.pathname);
/** The stage that serves the page. */
export const stage = document.documentElement.dataset.stage ?? "";

/** The references of other stages, by the stage's name: `name address` again and again. */
export const otherStages = [
  ...(document.documentElement.dataset.stages ?? "").matchAll(/(\S+) (\S+)/g),
].flatMap(([, name = "", url = ""]) =>
  name === stage || new URL(url).host === location.host ? [] : [{ name, url }],
);

/** Who may be this machine's demo users: undefined on a deployed stage. */
export const cast = signal<Player[] | undefined>(undefined);
export const demoStream = signal<string | undefined>(undefined);
/** The `sub` of the chosen demo user; undefined for "Automatic". */
export const chosen = signal<string | undefined>(undefined);
/** What was pasted on a deployed stage. Forgotten with the page: nothing is stored. */
export const pasted = signal("");

const isThisMachine = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
/** The key that the start prints lets a page of another machine in, as it does Studio. */
const hasKey = new URLSearchParams(location.hash.slice(1)).has("key");

/** Asks the runner who plays. A deployed stage has none, and is not asked. */
export async function loadDemoUsers(): Promise<void> {
  if (!isThisMachine && !hasKey) return;
  try {
    const { streamId, people } = await fetchCast();
    demoStream.value = streamId;
    cast.value = people;
  } catch {
    // Without a runner one pastes a token.
  }
}

/** The demo user for "Automatic": an admin if the call needs one, else a viewer. */
export function callerOf(needsAdmin: boolean): Player | undefined {
  const people = cast.value ?? [];
  const player = people.find(({ sub }) => sub === chosen.value);
  if (player !== undefined) return player;
  return (
    (needsAdmin ? people.find(({ groups }) => groups?.includes("admin")) : people[1]) ?? people[0]
  );
}

/** The caller's token; undefined if not signed in. */
export async function tokenOf(player: Player | undefined): Promise<string | undefined> {
  if (player !== undefined) return await tokensOf(player)();
  // Some paste the whole header.
  return pasted.value.trim().replace(/^bearer\s+/i, "") || undefined;
}

/** What stands for the token in a line for a terminal, as the start of a system prints it. */
export function tokenInShell(player: Player | undefined): string {
  if (player === undefined) return "$TOKEN";
  const { preferred_username: username } = player.claims;
  const name = ["johndoe", "host", "admin"].includes(username) ? username : player.sub;
  return `$(npm run -s token -- ${name}${location.port === "4000" ? "" : ` ${location.origin}`})`;
}
