/** Imports into a server that is over its rate. */
import { createServer } from "node:http";
import { expect, test } from "@jest/globals";
import { importUser } from "../../bin/cli/import-users.ts";
import { listen } from "../../local/reachable.ts";

const user = { id: "ann", username: "", name: "", surname: "", balance: 5 };

test.each([
  ["the firewall's rate", 403, "request_blocked"],
  ["the caller's rate", 429, "too_many_requests"],
  ["a call with the same key", 409, "key_in_progress"],
])(
  "a row that meets %s is repeated with the same key until it is imported",
  async (_, status, code) => {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers["idempotency-key"]);
      const isIn = keys.length > 2;
      const body = isIn ? { data: {} } : { code, errors: ["Refused"] };
      response.writeHead(isIn ? 201 : status).end(JSON.stringify(body));
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    try {
      expect(await importUser({ url, token: "token" }, user)).toBe(true);
      expect(keys).toEqual(["import:ann", "import:ann", "import:ann"]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);

test("a row whose names are cut off on their way is read again", async () => {
  let reads = 0;
  const names = JSON.stringify({ data: { username: "ann", name: "Ann", surname: "" } });
  const server = createServer((request, response) => {
    if (request.method !== "GET") return response.writeHead(201).end('{"data":{}}');
    response.writeHead(200, { "content-length": names.length });
    if (++reads > 1) return response.end(names);
    return response.write(names.slice(0, 20), () => response.destroy());
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  try {
    const named = { ...user, name: "Ann" };
    expect(await importUser({ url, token: "token" }, named)).toBe(true);
    expect(reads).toBe(2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** Imports into a server that refuses three calls and names a time, in seconds from now. */
async function unavailable(seconds: number, act: (url: string) => Promise<unknown>) {
  let calls = 0;
  const until = new Date(Date.now() + seconds * 1000).toUTCString();
  const server = createServer((_, response) => {
    calls += 1;
    response.writeHead(calls > 3 ? 201 : 503, { "retry-after": until }).end('{"data":{}}');
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const began = performance.now();
  try {
    await act(url);
    return { calls, milliseconds: performance.now() - began };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a server that names a time is called again after it, if that is soon", async () => {
  const importInto = (url: string) => importUser({ url, token: "token" }, user);
  const soon = await unavailable(2, importInto);
  expect(soon.calls).toBe(4);
  expect(soon.milliseconds).toBeGreaterThan(1_000);
  const late = await unavailable(3_600, (url) =>
    expect(importInto(url)).rejects.toThrow(/^503 .* Run the import again/),
  );
  expect(late.calls).toBe(1);
  expect((await unavailable(-3_600, importInto)).calls).toBe(4);
});
