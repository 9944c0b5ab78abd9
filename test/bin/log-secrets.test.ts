import { randomBytes } from "node:crypto";
import { asWhom, fitting, makeWorld, readOperations, type Schema } from "../api/operations.ts";
import { call, type Person, person } from "../api/people.ts";
import { outputOf, type System, startSystem } from "../system.ts";

const minutes = 60_000;
let system: System;
let log: () => string;
const outer = process.env.API_URL;

beforeAll(async () => {
  system = await startSystem({ env: { LOG: "json" } });
  log = outputOf(system.process.stdout, system.process.stderr);
  process.env.API_URL = system.url;
}, 4 * minutes);
afterAll(async () => {
  if (outer === undefined) delete process.env.API_URL;
  else process.env.API_URL = outer;
  await system.stop();
});

/**
 * A marker in every secret that no log line may contain; hex, so that it fits wherever an id does.
 */
const canary = `ca9a57${randomBytes(5).toString("hex")}`;
const secret = () => `${canary}${randomBytes(4).toString("hex")}`;
const address = "203.0.113.77";

/** A valid body with the marker in every free text. */
function secretly(value: unknown): unknown {
  if (value === "sample") return secret();
  if (Array.isArray(value)) return value.map(secretly);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, secretly(one)]));
}

test(
  "no log line of any route contains a token, a key, a text or an address",
  async () => {
    const [operations, world] = await Promise.all([readOperations(), makeWorld()]);
    expect(operations.length).toBeGreaterThan(60);
    const tokens = new Set<string>();
    const callEach = async (bodyOf: (schema: Schema) => unknown) => {
      for (const operation of operations) {
        const as: Person = asWhom(operation, world);
        tokens.add(as.token);
        const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
          name === "streamId" ? String(world.known.streamId) : secret(),
        );
        const query = operation.queries.map((name) => `${name}=${secret()}`).join("&");
        const headers = { "x-forwarded-for": address, "x-device-id": secret() };
        const body = operation.body === undefined ? {} : { body: bodyOf(operation.body) };
        const given = { as, key: secret(), headers, ...body };
        await call(`${operation.method} ${path}`, given);
        await call(`${operation.method} ${path}?${query}`, { ...given, as: await person() });
      }
    };
    await callEach((schema) => secretly(fitting(schema, world.known)));
    // Errors are logged with the most detail.
    const fault = { service: "dynamodb", kind: "error_before", percent: 50, count: 5_000 };
    const set = await call("POST /local/faults", { body: fault });
    expect([set.status, set.text]).toEqual([201, expect.anything()]);
    await callEach((schema) => ({
      ...(secretly(fitting(schema, world.known)) as object),
      [secret()]: secret(),
    }));
    await call("DELETE /local/faults");
    for (const path of ["/ws", `/${secret()}`, `/local/${secret()}`, `/api/v1/users/${secret()}`])
      await call(`GET ${path}?token=${secret()}&ticket=${secret()}`);

    expect(log()).toMatch(/"path":"\/api\/v1\/notifications\/device-token\/\{token\}"/);
    expect(log()).toMatch(/"level":"ERROR"/);
    const lines = log().split("\n");
    expect(lines.length).toBeGreaterThan(2 * operations.length);
    const telling = (text: string) => lines.filter((line) => line.includes(text)).slice(0, 5);
    expect(telling(canary)).toEqual([]);
    expect(telling(address)).toEqual([]);
    expect(telling("eyJ")).toEqual([]);
    for (const token of tokens) expect(telling(token.split(".")[2]!)).toEqual([]);
  },
  5 * minutes,
);
