import { createServer } from "node:http";
import { handler as connect } from "../../../functions/log/realtime/connect.ts";
import { handler as ping } from "../../../functions/log/realtime/ping.ts";
import { handler as subscribe } from "../../../functions/log/realtime/subscribe.ts";
import { listen } from "../../../local/reachable.ts";
import { dropConnection, findConnection } from "../../../platform/store/log/connections.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { useOwnTable } from "../table.ts";
import { makeStream, makeUser } from "../wallet-people.ts";

/** What the gateway was asked to do. */
const calls: string[] = [];
const gateway = createServer((request, response) => {
  calls.push(`${request.method} ${request.url}`);
  request.resume();
  response.end();
});
beforeAll(async () => {
  const port = await listen(gateway);
  process.env.WS_ENDPOINT = `http://127.0.0.1:${port}`;
});
useOwnTable({ SOCKETS_PER_USER: "10" });
afterAll(() => {
  gateway.closeAllConnections();
  gateway.close();
});

const exp = `${Math.floor(Date.now() / 1000) + 24 * 3600}`;
/** One step of a connection, as the gateway tells of it. */
const tell = (handler: typeof ping, eventType: "CONNECT" | "MESSAGE", body: object) => {
  const authorizer = { sub: "viewer", exp };
  const requestContext = { connectionId: "c", eventType, connectedAt: Date.now(), authorizer };
  return handler({ requestContext, body: JSON.stringify(body) });
};

test("a connection that was mistaken for closed is closed at its next message", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  const ask = () => tell(subscribe, "MESSAGE", { action: "subscribe", streamId });
  await tell(connect, "CONNECT", {});
  await ask();
  expect(await findSubscriber(streamId, "c")).toBeDefined();
  expect(calls).toEqual([]);
  await dropConnection("c");
  await ask();
  await tell(ping, "MESSAGE", { action: "ping" });
  expect(calls).toEqual(["DELETE /@connections/c", "DELETE /@connections/c"]);
  expect(await findConnection("c")).toBeUndefined();
  expect(await findSubscriber(streamId, "c")).toBeUndefined();
});
