/** `POST /local/restart`: kills the system, which then restarts. */
import { startSystem } from "../system.ts";

const stream = "64d15f9e2e6c8f4d5a123000";
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

async function post(url: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: "POST",
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, said: (await answer.json()) as Record<string, unknown> };
}

const tokenOf = async (url: string) =>
  (await post(`${url}/local/token`, { sub: "ann" })).said.token as string;

/** Waits until nothing answers, and then until the system is healthy again. */
async function comeBack(url: string): Promise<void> {
  const health = () =>
    fetch(`${url}/health`).then(
      ({ status }) => status,
      () => undefined,
    );
  while ((await health()) === 200) await pause(5);
  while ((await health()) !== 200) await pause(20);
}

test("a restart stays in the same process, with all acknowledged data", async () => {
  const system = await startSystem();
  try {
    const token = await tokenOf(system.url);
    const chat = `${system.url}/api/v1/live-stream/${stream}/chat/messages`;
    const json = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    expect((await post(chat, { content: "before" }, json)).status).toBe(201);
    expect((await post(`${system.url}/local/restart`)).status).toBe(202);
    await comeBack(system.url);
    expect(system.process.exitCode).toBeNull();
    expect((await post(chat, { content: "after" }, json)).status).toBe(201);
    const history = await fetch(chat, { headers: json });
    const { messages } = (await history.json()) as { messages: { content: string }[] };
    expect(messages.map(({ content }) => content)).toEqual(["after", "before"]);
  } finally {
    expect(await system.stop()).toBe(0);
  }
});

test("a restart is refused without stored data, and for pages of other origins", async () => {
  const system = await startSystem({ dataDir: ":memory:" });
  try {
    const restart = `${system.url}/local/restart`;
    expect((await post(restart)).status).toBe(409);
    const foreign = await post(restart, undefined, { origin: "https://example.com" });
    expect(foreign.status).toBe(403);
    const audit = await fetch(`${system.url}/local/audit`);
    expect(await audit.json()).toMatchObject({ fits: true, misfits: [] });
  } finally {
    expect(await system.stop()).toBe(0);
  }
});
