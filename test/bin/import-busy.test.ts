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
