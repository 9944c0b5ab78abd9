/** `npm run import`, killed and run again. */
import { createServer, request } from "node:http";
import { listen } from "../../local/reachable.ts";
import { call, freshId } from "../api/people.ts";
import { header, useImport } from "./import-run.ts";

/** The system at an address where calls about these users get no answer. */
async function holdBack(ids: readonly string[]) {
  const server = createServer((given, response) => {
    const { method = "", url = "", headers } = given;
    if (ids.some((id) => url.includes(id))) return;
    const options = { method, headers, agent: false };
    const passed = request(`${process.env.API_URL}${url}`, options, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    // The import calls again.
    passed.once("error", () => response.destroy());
    given.pipe(passed);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const { backEnd, begin, ledgerOf, profileOf } = useImport();

test("a killed import continues when it is run again, and imports every row once", async () => {
  const ids = Array.from({ length: 200 }, freshId);
  const lines = [header, ...ids.map((id, n) => `${id},,Name ${n},,${n + 1}`)];
  const held = await holdBack(ids.slice(100));
  const { child, ended } = begin(lines, { to: held.url });
  const isThere = async (id: string) =>
    (await call(`GET /api/v1/users/${id}`, { as: backEnd() })).status === 200;
  while (!(await isThere(ids[40]!))) await new Promise((done) => setTimeout(done, 5));
  child.kill("SIGKILL");
  await ended;
  held.close();
  expect(await isThere(ids.at(-1)!)).toBe(false);
  const { code, said } = await begin(lines).ended;
  const [added, before] = [...said.matchAll(/\d+/g)].map(Number);
  expect({ code, sum: added! + before! }).toEqual({ code: 0, sum: 200 });
  expect(before).toBeGreaterThan(20);
  for (const [n, id] of ids.entries()) {
    expect(await ledgerOf(id)).toMatchObject([{ amount: n + 1, reference: `import:${id}` }]);
    expect((await profileOf(id)).name).toBe(`Name ${n}`);
  }
});
