import { putRelayMessage } from "../../platform/store/log/relays.ts";
import { putItem } from "../../platform/table/items.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { queryWhole } from "../../platform/table/query.ts";
import { createInboxReader } from "../../relay/inbox.ts";
import type { Connection } from "../../relay/model.ts";
import { intercept } from "./intercept.ts";
import { connectionOf } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws" });

let nodes = 0;

const messagesOf = (node: string) => queryWhole(key.mail(node, ""), { prefix: prefix.mail });

/** A relay's reader and the messages that its one connection is sent; the first ones may fail. */
function relayOf(failures = 0) {
  const node = `relay-${++nodes}`;
  const sent: unknown[] = [];
  let left = failures;
  const send = (message: unknown) => {
    if (left-- > 0) throw new Error("The socket is full");
    sent.push(message);
  };
  const connection: Pick<Connection, "send"> = { send };
  const connections = new Map([["c1", connection as Connection]]);
  const opening = new Set<string>();
  // All of one millisecond.
  const now = new Date();
  const put = (n: number) =>
    putRelayMessage(node, { connectionId: "c1", text: JSON.stringify({ n }) }, now);
  return { node, sent, put, readInbox: createInboxReader({ node, connections, opening }) };
}

test("a message that is written again after it was taken is delivered once", async () => {
  const { node, sent, put, readInbox } = relayOf();
  await put(1);
  const [item] = await messagesOf(node);
  await readInbox();
  await putItem(item!);
  await readInbox();
  await put(2);
  await readInbox();
  expect(sent).toEqual([{ n: 1 }, { n: 2 }]);
  expect(await messagesOf(node)).toEqual([]);
});

test("a message for a socket that is still opening waits for it, and is dropped if it is refused", async () => {
  const node = `relay-${++nodes}`;
  const connections = new Map([["c0", connectionOf("bob")]]);
  const opening = new Set(["c1", "c2"]);
  const readInbox = createInboxReader({ node, connections, opening });
  for (const connectionId of ["c1", "c2"])
    await putRelayMessage(node, { connectionId, closes: true }, new Date());
  await readInbox();
  const closed: string[] = [];
  const open = (id: string) =>
    connections.set(id, { ...connectionOf("ann"), close: () => closed.push(id) });
  open("c1");
  opening.clear();
  await readInbox();
  expect(closed).toEqual(["c1"]);
  open("c2");
  await readInbox();
  expect(closed).toEqual(["c1"]);
});

test("a notification waits for the `subscribed` of the URL, but the end of a session does not", async () => {
  const node = `relay-${++nodes}`;
  const did: unknown[] = [];
  const connection: Connection = {
    ...connectionOf("ann"),
    isGreeting: true,
    send: (message) => did.push(message),
    close: (code) => did.push(code),
  };
  const connections = new Map([["c1", connection]]);
  const readInbox = createInboxReader({ node, connections, opening: new Set() });
  const text = JSON.stringify({ type: "notification" });
  await putRelayMessage(node, { connectionId: "c1", text }, new Date());
  const closing = { type: "closing", code: 4503 };
  await putRelayMessage(node, { connectionId: "c1", text: JSON.stringify(closing) }, new Date());
  await putRelayMessage(node, { connectionId: "c1", closes: true }, new Date());
  await readInbox();
  // Without the code, the client would reconnect with the revoked token.
  expect(did).toEqual([closing, 1000]);
  connection.isGreeting = false;
  await readInbox();
  expect(did).toEqual([closing, 1000, { type: "notification" }]);
});

test("messages of one millisecond are delivered in the order in which they were written", async () => {
  const { sent, put, readInbox } = relayOf();
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  for (const n of numbers) await put(n);
  await readInbox();
  expect(sent).toEqual(numbers.map((n) => ({ n })));
});

test("a message that cannot be delivered is tried again, and holds up no other", async () => {
  const { sent, put, readInbox } = relayOf(1);
  await put(1);
  await put(2);
  await readInbox();
  expect(sent).toEqual([{ n: 2 }]);
  await readInbox();
  expect(sent).toEqual([{ n: 2 }, { n: 1 }]);
});

test("a message that could not be removed is delivered, once", async () => {
  const { sent, put, readInbox } = relayOf();
  const numbers = Array.from({ length: 30 }, (_, n) => n);
  for (const n of numbers) await put(n);
  let removals = 0;
  // The first 25 are removed, the others are not.
  const restore = intercept(async ({ name }, next) => {
    if (name === "BatchWriteCommand" && ++removals === 2) throw new Error("No answer");
    return next();
  });
  await readInbox()
    .catch(() => undefined)
    .finally(restore);
  await readInbox();
  expect(sent).toEqual(numbers.map((n) => ({ n })));
});
