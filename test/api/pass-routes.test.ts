/** Every route of a paid stream, called with and without a pass. */
import { fitting, type Operation, pathOf, readOperations } from "./operations.ts";
import { live, makePaidWorld, type PaidWorld } from "./paid-streams.ts";
import { type Answer, call, type Person } from "./people.ts";

/** Routes without a pass: the outside of the stream, joins, and actions of its host or an admin. */
const outside = [
  `GET ${live}/{streamId}`,
  `DELETE ${live}/{streamId}`,
  `POST ${live}/{streamId}/cancel`,
  `POST ${live}/{streamId}/end`,
  `POST ${live}/{streamId}/fund`,
  `POST ${live}/{streamId}/passes/{userId}/refund`,
  `POST ${live}/{streamId}/reminder`,
];

function callIn(operation: Operation, { known }: PaidWorld, as: Person | undefined) {
  const { method, path, queries, body } = operation;
  const id = path.includes("/gifts/") ? known.giftId : known.banId;
  const place = pathOf(operation, { known: { ...known, id } } as never);
  const query = queries.includes("liveStreamId") ? `?liveStreamId=${known.streamId}` : "";
  const sent = body === undefined ? {} : { body: fitting(body, known) };
  return call(`${method} ${place}${query}`, { ...(as && { as }), ...sent });
}

const named = ({ method, path }: Operation) => `${method} ${path}`;

test("every route that shows the content of a paid stream requires a pass from every caller", async () => {
  const operations = await readOperations();
  const insides = operations.filter(({ codes }) => codes.includes("pass_required"));
  const ofStream = operations.filter(({ path }) => path.includes("{streamId}"));
  const unasked = ofStream.filter((one) => !insides.includes(one)).map(named);
  expect(unasked.sort()).toEqual([...outside].sort());
  expect(insides.length).toBeGreaterThan(30);
  const world = await makePaidWorld();
  const found: string[] = [];
  const note = (who: string, operation: Operation, { status, body, text }: Answer) =>
    found.push(`${who}: ${named(operation)}: ${status} ${body?.code ?? text.slice(0, 80)}`);
  for (const operation of insides) {
    for (const [who, as] of Object.entries({ ...world.out, nobody: undefined })) {
      if (as === undefined && !operation.isPublic) continue;
      const answer = await callIn(operation, world, as);
      if (answer.body?.code !== "pass_required") note(who, operation, answer);
    }
  }
  expect(found).toEqual([]);
  for (const operation of insides)
    for (const [who, as] of Object.entries(world.inside)) {
      const answer = await callIn(operation, world, as);
      if (answer.body?.code === "pass_required" || answer.status >= 500)
        note(who, operation, answer);
    }
  expect(found).toEqual([]);
});
