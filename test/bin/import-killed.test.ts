/** `npm run import`, killed and run again. */
import { call, freshId } from "../api/people.ts";
import { header, useImport } from "./import-run.ts";

const { backEnd, begin, ledgerOf, profileOf } = useImport();

test("a killed import continues when it is run again, and imports every row once", async () => {
  const ids = Array.from({ length: 200 }, freshId);
  const lines = [header, ...ids.map((id, n) => `${id},,Name ${n},,${n + 1}`)];
  const { child, ended } = begin(lines);
  const isThere = async (id: string) =>
    (await call(`GET /api/v1/users/${id}`, { as: backEnd() })).status === 200;
  // Rows are imported roughly in order: some are done, and the last is not.
  while (!(await isThere(ids[40]!))) await new Promise((done) => setTimeout(done, 5));
  child.kill("SIGKILL");
  await ended;
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
