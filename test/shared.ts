/** Objects shared by the test files of one jest worker. `npm test` starts and stops them. */
import type { System } from "./system.ts";

/** Requests a shared object; throws outside of `npm test`. */
export async function askShared<T>(path: string): Promise<T> {
  const { SHARED_URL } = process.env;
  if (SHARED_URL === undefined) throw new Error("Run the tests with `npm test -- <path>`");
  const answer = await fetch(`${SHARED_URL}/${path}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

/** The owner of systems and browsers: files of one worker run one after another. */
export const worker = `worker-${process.env.JEST_WORKER_ID ?? 1}`;

/** The runner's switches at their defaults. */
const switches = {
  streams: {
    shards: 1,
    double: 0,
    regroup: false,
    pause: false,
    lagMilliseconds: [],
    clockSkewSeconds: [],
  },
  functions: { frozen: false },
};

/** A token of a local user, as from `POST /local/token`. */
export async function localToken(url: string, wish: object): Promise<string> {
  const answer = await fetch(`${url}/local/token`, { method: "POST", body: JSON.stringify(wish) });
  return ((await answer.json()) as { token: string }).token;
}

/**
 * Ends the sale of gifts whose pictures are on other hosts: every chat would load them, which is a
 * fault in tests of pages.
 */
async function removeForeignGifts(url: string): Promise<void> {
  const token = await localToken(url, { sub: "reset", groups: ["admin"] });
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const path = `${url}/api/v1/gifts/gift-types`;
  const answer = await fetch(path, { headers });
  const { data } = (await answer.json()) as { data: { id: string; svgUrl: string }[] };
  const foreign = data.filter(({ svgUrl }) => new URL(svgUrl, url).host !== new URL(url).host);
  const body = JSON.stringify({ isActive: false });
  for (const { id } of foreign) await fetch(`${path}/${id}`, { method: "PATCH", headers, body });
}

/**
 * This worker's system, with the demo data and everything earlier files left in the table, but no
 * faults, changed switches or gifts on sale with pictures of other hosts. For files that need no
 * data of their own, and neither stop the system nor read its output.
 */
export async function sharedSystem(): Promise<Pick<System, "url" | "dataDir">> {
  const system = await askShared<Pick<System, "url" | "dataDir">>(`system/${worker}`);
  await fetch(`${system.url}/local/faults`, { method: "DELETE" });
  for (const [name, body] of Object.entries(switches)) {
    const sent = { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${system.url}/local/${name}`, sent);
    if (!answer.ok) throw new Error(`/local/${name}: ${await answer.text()}`);
  }
  await removeForeignGifts(system.url);
  return system;
}
