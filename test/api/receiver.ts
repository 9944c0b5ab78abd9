import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { admin, call, eventually, type Person } from "./people.ts";
import { recordCall } from "./recorder.ts";

/** One request that a receiver got. */
export type Received = {
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: A black-box test looks into bodies of any shape.
  body: any;
};

/** A receiver's response: a status, one with headers and a body, or none ever. */
export type Reply =
  | number
  | { status: number; headers?: Record<string, string>; body?: string }
  | "never";

/** A customer's back end on this machine, which records the requests. */
export async function startReceiver(
  reply: (request: Received) => Reply | Promise<Reply> = () => 200,
) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const text = await readText(request);
    const body = JSON.parse(text);
    const got = { at: Date.now(), path: request.url ?? "", headers: request.headers, text, body };
    recordCall({ message: body, headers: request.headers });
    const replying = reply(got);
    received.push(got);
    const answer = await replying;
    if (answer === "never") return;
    const full: Exclude<Reply, number | "never"> =
      typeof answer === "number" ? { status: answer } : answer;
    response.writeHead(full.status, full.headers).end(full.body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    received,
    /** The received requests of these types. */
    of: (...types: string[]) => received.filter(({ body }) => types.includes(body.type)),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Creates webhooks and deletes them afterwards, since a stage has at most twenty. */
export function createWebhooks() {
  const made: { id: string; as: Person }[] = [];
  return {
    async make(url: string, events: string[] = ["*"]) {
      const as = await admin();
      // Other tests may be using all twenty.
      const answer = await eventually(
        () => call("POST /api/v1/webhooks", { as, body: { url, events } }),
        ({ status }) => status !== 409,
      );
      if (answer.status !== 201) throw new Error(`No webhook: ${answer.text}`);
      const { id, secret } = answer.body.data as { id: string; secret: string };
      made.push({ id, as });
      return { id, secret, as, path: `/api/v1/webhooks/${id}` };
    },
    async removeAll() {
      for (const { id, as } of made.splice(0)) await call(`DELETE /api/v1/webhooks/${id}`, { as });
    },
  };
}

/**
 * A webhook's delivery of an event, on any page: it may also get events of other tests' streams.
 */
export async function deliveryOf(eventId: unknown, path: string, as: Person) {
  for (let after = ""; ; ) {
    const answer = await call(`GET ${path}/deliveries?limit=100${after}`, { as });
    const { list, pageInfo } = answer.body.data;
    const found = list.find((row: { eventId: string }) => row.eventId === eventId);
    if (found !== undefined || !pageInfo.hasNextPage) return found;
    after = `&after=${pageInfo.nextCursor}`;
  }
}
