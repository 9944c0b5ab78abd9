import { admin, call, expectFailure, freshId, person, sentences, service } from "./people.ts";

const listed = "GET /api/v1/operations/parked";
const redriven = (id: string) => `POST /api/v1/operations/parked/${id}/redrive`;

test("only admins read parked records", async () => {
  const [user, backend] = await Promise.all([person(), service()]);
  for (const as of [user, backend]) {
    expectFailure(await call(listed, { as }), 403, sentences[403]);
    expectFailure(await call(redriven(freshId()), { as }), 403, sentences[403]);
  }
  expectFailure(await call(listed), 401, sentences[401]);
  expectFailure(await call(redriven(freshId())), 401, sentences[401]);
});

test("parked records are a list with cursors", async () => {
  const as = await admin();
  const { status, body } = await call(`${listed}?limit=5`, { as });
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ list: expect.any(Array), pageInfo: { limit: 5 } });
  for (const query of ["limit=0", "limit=101", "after=a%20b", "limit=1&limit=2"])
    expectFailure(await call(`${listed}?${query}`, { as }), 400, sentences[400]);
});

test("a missing record is 404, and an invalid id 400", async () => {
  const as = await admin();
  const answer = await call(`POST /api/v1/operations/parked/${freshId()}/redrive`, { as });
  expectFailure(answer, 404, sentences[404]);
  expect(answer.headers.get("x-error-code")).toBe("parked_not_found");
  expectFailure(await call(redriven("a".repeat(201)), { as }), 400, sentences[400]);
  expectFailure(await call(redriven("%00"), { as }), 400, sentences[400]);
});
