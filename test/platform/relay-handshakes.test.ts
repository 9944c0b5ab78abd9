import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { makeTicket } from "../../domain/log/ticket.ts";
import { newSecret } from "../../platform/auth/secret.ts";
import { listSockets } from "../../platform/store/log/connections.ts";
import { putTicket } from "../../platform/store/log/tickets.ts";
import { startRelay } from "../../relay/relay.ts";
import { intercept } from "./intercept.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws", SOCKETS_PER_USER: "3" });

const now = new Date();
const userId = "ann";

async function handshakeAt(port: number): Promise<number | undefined> {
  const ticket = newSecret();
  const asking = { userId, expiresAt: 4e9, issuedAt: now.getTime() / 1000, tokenId: "" };
  await putTicket(ticket, makeTicket(asking, undefined, now));
  const headers = {
    ...{ connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const asked = request({ port, path: `/ws?ticket=${ticket}`, headers }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("a handshake that failed leaves no socket that would count for its user", async () => {
  const relay = await startRelay({ port: 0, host: "127.0.0.1" });
  const restore = intercept(async ({ name, input }, next) => {
    if (name === "QueryCommand" && JSON.stringify(input).includes("SOCKET#"))
      throw new Error("The table does not answer");
    return next();
  });
  const status = await handshakeAt(relay.port).finally(restore);
  await relay.drain(0);
  expect(status).toBe(500);
  expect(await listSockets(userId, now)).toEqual([]);
});
