/** The URL of this page, and its caller. */
import { signal } from "@preact/signals";
import { type DemoUser, fetchDemoUsers, tokensOf } from "../runner.ts";
import type { Operation } from "./document.ts";

/** The URL of the API without a trailing slash: a stage may be below a path. */
export const base = location.origin + location.pathname.replace(/\/docs(\/events)?\/?$/, "");
export const isEvents = /\/events\/?$/.test(location.pathname);
/** The stage that serves the page. */
export const stage = document.documentElement.dataset.stage ?? "";

/** The references of other stages: a list of `name address`. */
export const otherStages = [
  ...(document.documentElement.dataset.stages ?? "").matchAll(/(\S+) (\S+)/g),
].flatMap(([, name = "", url = ""]) =>
  name === stage || new URL(url).host === location.host ? [] : [{ name, url }],
);

/** The demo users of this machine; undefined on a deployed stage. */
export const demoUsers = signal<DemoUser[] | undefined>(undefined);
export const demoStream = signal<string | undefined>(undefined);
/** The `sub` of the chosen demo user; undefined for "Automatic". */
export const chosenDemoUser = signal<string | undefined>(undefined);
/** The token pasted on a deployed stage. It is kept in memory only. */
export const pastedToken = signal("");

const isThisMachine = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
/** The key that `npm start` prints gives other machines access, as in Studio. */
const hasKey = new URLSearchParams(location.hash.slice(1)).has("key");

/** Asks the runner for its demo users. A deployed stage has none, and is not asked. */
export async function loadDemoUsers(): Promise<void> {
  if (!isThisMachine && !hasKey) return;
  try {
    const { streamId, people } = await fetchDemoUsers();
    demoStream.value = streamId;
    demoUsers.value = people;
  } catch {
    // Without a runner the user pastes a token.
  }
}

/** Refusals of users who are not the stream's host. The runner lists the host first. */
const hostCodes = ["stream_not_yours", "not_a_moderator"];

/** The demo user for "Automatic": an admin or the demo stream's host if needed, else a viewer. */
export function callerOf({ description = "", failures }: Operation): DemoUser | undefined {
  const people = demoUsers.value ?? [];
  const user = people.find(({ sub }) => sub === chosenDemoUser.value);
  if (user !== undefined) return user;
  if (description.includes("the role "))
    return people.find(({ groups }) => groups?.includes("admin"));
  const isForHost = failures.some(({ codes }) => codes.some((code) => hostCodes.includes(code)));
  return people[isForHost ? 0 : 1];
}

/** The caller's token; undefined if not signed in. */
export async function tokenOf(user: DemoUser | undefined): Promise<string | undefined> {
  if (user !== undefined) return await tokensOf(user)();
  // Users may paste the whole header.
  return pastedToken.value.trim().replace(/^bearer\s+/i, "") || undefined;
}

/** The token placeholder in curl commands, as `npm start` prints it. */
export function tokenInShell(user: DemoUser | undefined): string {
  if (user === undefined) return "$TOKEN";
  const { preferred_username: username } = user.claims;
  const name = ["johndoe", "host", "admin"].includes(username) ? username : user.sub;
  return `$(npm run -s token -- ${name}${location.port === "4000" ? "" : ` ${location.origin}`})`;
}
