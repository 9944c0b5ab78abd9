import { call, liveStream, person } from "../api/people.ts";
import { watch } from "../api/viewer.ts";
import { print, quantile, round, wait } from "./figures.ts";

const viewerCount = 200;
const eventsPerSecond = 20;
const seconds = 15;

/** Delay from a user's message to every viewer: 200 viewers, 20 messages per second. */
export async function benchPush(): Promise<void> {
  const { id } = await liveStream();
  const speakers = await Promise.all(Array.from({ length: 10 }, () => person()));
  const viewers = [];
  for (let n = 0; n < viewerCount; n += 20)
    viewers.push(
      ...(await Promise.all(Array.from({ length: 20 }, async () => watch(await person(), id)))),
    );
  const sentAt = new Map<string, number>();
  const delays: number[] = [];
  let frames = 0;
  for (const { socket } of viewers)
    socket.on("message", (data) => {
      const at = performance.now();
      const message = JSON.parse(data.toString());
      if (message.type !== "events") return;
      frames++;
      for (const { data } of message.events) {
        const sent = sentAt.get(data.content);
        if (sent !== undefined) delays.push(at - sent);
      }
    });
  // Warm up, because cold starts are not measured here.
  for (let n = 0; n < 5 * eventsPerSecond; n++) {
    const as = speakers[n % speakers.length]!;
    const body = { content: "warming up" };
    await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body });
  }
  frames = 0;
  const calls = [];
  const count = eventsPerSecond * seconds;
  for (let n = 0; n < count; n++) {
    const content = `message ${n}`;
    sentAt.set(content, performance.now());
    const as = speakers[n % speakers.length]!;
    calls.push(call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content } }));
    await wait(1000 / eventsPerSecond);
  }
  await Promise.all(calls);
  const expected = count * viewerCount;
  for (let tries = 0; delays.length < expected && tries < 100; tries++) await wait(100);
  print(`${viewerCount} viewers, ${eventsPerSecond} messages a second, ${seconds} s`, [
    {
      expected,
      delivered: delays.length,
      "p50 ms": round(quantile(delays, 0.5)),
      "p99 ms": round(quantile(delays, 0.99)),
      "frames per viewer": round(frames / viewerCount),
    },
  ]);
  for (const { socket } of viewers) socket.terminate();
}
