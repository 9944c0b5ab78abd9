import { call, liveStream, type Person, person } from "../api/people.ts";
import { type Message, type Viewer, viewer, watch } from "../api/viewer.ts";
import { print, quantile, round, wait } from "./figures.ts";

/** Frames in the storm's own stream, sockets of its user, and subscribes per second and socket. */
const logFrames = 46;
const stormSockets = 8;
const subscribesPerSecond = 6.7;
const rounds = 40;
const roundMilliseconds = 250;
/** Time for frames in flight to arrive after a storm. */
const calmMilliseconds = 5_000;

/**
 * The effect on other users when one user's sockets keep resuming from the beginning of a stream:
 * the delay of messages in an unrelated room, before and during the storm. Subscribing has a cost
 * of its own on a machine with few cores, so a second storm subscribes at the head: the old frames
 * cost the difference.
 */
export async function benchResumes(): Promise<void> {
  const [unrelated, own] = await Promise.all([liveStream(), liveStream()]);
  const witness = await watch(await person(), own.id);
  for (let n = 0; n < logFrames; n++) {
    const line = `line ${n}`;
    await say(own.host, own.id, line);
    await witness.next(holds(line));
  }
  const { epoch } = witness.messages.find(({ type }) => type === "subscribed")!;
  const listener = await watch(await person(), unrelated.id);
  await delaysOf(unrelated, listener, "warm");
  const quiet = await delaysOf(unrelated, listener, "quiet");
  const rows = [{ load: "nobody", ...rowOf(quiet, quiet, 0) }];
  const head = headOf(witness);
  for (const [load, frame] of [
    ["subscribes at the head", head],
    ["subscribes from the beginning", 0],
  ] as const) {
    const storm = await raise(own.id, { epoch, frame });
    const during = await delaysOf(unrelated, listener, load);
    const { frames, seconds } = await storm.end();
    rows.push({ load, ...rowOf(during, quiet, frames / seconds) });
    await wait(calmMilliseconds);
  }
  print(`A room next to ${stormSockets} sockets of one user that keep subscribing`, rows);
  for (const { socket } of [witness, listener]) socket.terminate();
}

const rowOf = (delays: readonly number[], quiet: readonly number[], oldFrames: number) => ({
  "p50 ms": round(quantile(delays, 0.5)),
  "max ms": round(Math.max(...delays)),
  "p50 / quiet": round(quantile(delays, 0.5) / quantile(quiet, 0.5)),
  "old frames/s": round(oldFrames),
});

const headOf = (witness: Viewer): number =>
  witness.messages.findLast(({ type }) => type === "events")!.frame;

const holds = (content: string) => (message: Message) =>
  message.type === "events" && message.events.some(({ data }: Message) => data.content === content);

const say = (as: Person, id: string, content: string) =>
  call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content } });

/** Milliseconds from each message's call to its viewer, one message after another. */
async function delaysOf(
  room: { id: string; host: Person },
  listener: Viewer,
  name: string,
): Promise<number[]> {
  const delays: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const began = performance.now();
    await Promise.all([
      say(room.host, room.id, `${name} ${n}`),
      listener.next(holds(`${name} ${n}`)),
    ]);
    delays.push(performance.now() - began);
    await wait(roundMilliseconds);
  }
  return delays;
}

/** Lets one user's sockets subscribe repeatedly from a position; `end` returns the frame count. */
async function raise(streamId: string, since: { epoch: string; frame: number }) {
  const as = await person();
  const sockets = await Promise.all(Array.from({ length: stormSockets }, () => viewer(as)));
  let frames = 0;
  for (const { socket } of sockets)
    socket.on("message", (data) => {
      if (data.toString().startsWith('{"type":"events"')) frames += 1;
    });
  const began = performance.now();
  const timer = setInterval(() => {
    for (const { send } of sockets) send({ action: "subscribe", streamId, since });
  }, 1000 / subscribesPerSecond);
  return {
    async end() {
      clearInterval(timer);
      for (const { socket } of sockets) socket.terminate();
      return { frames, seconds: (performance.now() - began) / 1000 };
    },
  };
}
