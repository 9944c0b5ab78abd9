import autocannon from "autocannon";
import { apiUrl, giftType, liveStream, person, topUp } from "../api/people.ts";
import { print, round } from "./figures.ts";

const clients = 32;
const seconds = 10;

/** Requests per second and latency of chat and gifts, with 32 clients, each a different user. */
export async function benchLoad(): Promise<void> {
  const [{ id }, giftTypeId] = await Promise.all([liveStream(), giftType(1)]);
  const people = await Promise.all(Array.from({ length: clients }, () => person()));
  await Promise.all(people.map((one) => topUp(one, 1_000_000)));
  const load = async (path: string, body: object) => {
    let next = 0;
    const result = await autocannon({
      url: `${apiUrl()}${path}`,
      method: "POST",
      connections: clients,
      duration: seconds,
      body: JSON.stringify(body),
      setupClient(client) {
        const { token } = people[next++ % clients]!;
        client.setHeaders({
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
        });
      },
    });
    return {
      "requests/s": round(result.requests.average),
      "p50 ms": result.latency.p50,
      "p99 ms": result.latency.p99,
      "not 2xx": result.non2xx,
      errors: result.errors,
    };
  };
  const chat = await load(`/api/v1/live-stream/${id}/chat/messages`, { content: "hello" });
  const gift = await load("/api/v1/gifts/create", { giftTypeId, liveStreamId: id });
  print(`${clients} clients, ${seconds} s each`, [
    { call: "chat message", ...chat },
    { call: "gift", ...gift },
  ]);
}
