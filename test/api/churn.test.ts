import { createCrowd, createDoor, type Leaving, type Member } from "./crowd.ts";
import { call, eventually, giftType, liveStream, type Person, person, topUp } from "./people.ts";

/**
 * Viewers, a quarter of whom reconnect: a thousand sockets. They are tabs of half as many users,
 * two each, which stay or leave together.
 */
const viewerCount = 800;
const socketCount = 1_000;
const peopleCount = viewerCount / 2;
/**
 * Concurrent new connections and the gap between them: at most 400 a second, of the 500 that an
 * account allows.
 */
const openingAtOnce = 25;
const openingGapMilliseconds = 2.5;

type Fate = "stays" | "reconnects" | Leaving;
const fates: readonly Fate[] = ["stays", "closes", "reconnects", "breaks"];

/** A log from its beginning, read over HTTP. */
async function readLog(as: Person, id: string) {
  const frames: { frame: number; events: { id: string; data: { content?: string } }[] }[] = [];
  for (;;) {
    const after = frames.at(-1)?.frame ?? 0;
    const answer = await call(`GET /api/v1/live-stream/${id}/events?after=${after}`, { as });
    if (answer.body.data.frames.length === 0) return frames;
    frames.push(...answer.body.data.frames);
  }
}

test("a thousand sockets come and go during chat and gifts: each sees the whole log, and all are removed", async () => {
  const [{ id, host }, rose, ...people] = await Promise.all([
    liveStream(),
    giftType(1),
    ...Array.from({ length: peopleCount }, () => person()),
  ]);
  const speakers = people.slice(0, 5);
  await Promise.all(speakers.map((one) => topUp(one, 1_000)));
  const crowd = createCrowd(id);
  const pass = createDoor(openingAtOnce, openingGapMilliseconds);
  const said = new Set<string>();

  /** Sends a message or gift and waits until a viewer has received it. */
  async function speak(content: string, as: Person): Promise<number> {
    const heard = crowd.hear(({ data }) => "content" in data && data.content === content);
    const path = `/api/v1/live-stream/${id}/chat/messages`;
    const { status, body } = await call(`POST ${path}`, { as, body: { content } });
    expect({ status, body }).toMatchObject({ status: 201 });
    said.add(content);
    const { viewers } = await heard;
    return viewers;
  }
  const gifts = new Set<string>();
  async function give(as: Person): Promise<void> {
    const body = { giftTypeId: rose, liveStreamId: id };
    const answer = await call("POST /api/v1/gifts/create", { as, body });
    expect(answer).toMatchObject({ status: 201 });
    gifts.add(answer.body.data.id);
  }
  let talking = true;
  async function talk(): Promise<void> {
    for (let n = 0; talking; n++) {
      const as = speakers[n % speakers.length]!;
      await Promise.all([speak(`message ${n}`, as), n % 3 === 0 && give(as)]);
    }
  }

  /** One socket's life once it is open; reconnecting viewers have missed events by then. */
  async function live(one: Member, fate: Fate, n: number): Promise<void> {
    if (fate === "stays") return;
    await one.reach(one.at() + 1 + (n % 4));
    await one.leave(fate === "reconnects" ? (n % 8 < 4 ? "closes" : "breaks") : fate);
    if (fate !== "reconnects") return;
    await crowd.reach(one.at() + 2 + (n % 3));
    await pass(() => one.come());
  }

  const members = Array.from({ length: viewerCount }, (_, n) => {
    const one = crowd.member(`viewer ${n}`, people[n % peopleCount]!);
    return { one, fate: fates[n % fates.length]!, n };
  });
  const lives: Promise<void>[] = [];
  // The first viewer connects before the first message, which needs a receiver.
  const [first] = members as [(typeof members)[number]];
  await first.one.come();
  const begin = first.one.at();
  const talked = talk();
  const arrived = Promise.all(
    members.map(async ({ one, fate, n }) => {
      if (n > 0) await pass(() => one.come());
      lives.push(live(one, fate, n));
    }),
  );
  await crowd.until(arrived);
  await crowd.until(Promise.all(lives));
  talking = false;
  await crowd.until(talked);
  await speak("the end", host);

  const log = await readLog(host, id);
  const last = log.at(-1)!.frame;
  const staying = members.filter(({ fate }) => fate === "stays" || fate === "reconnects");
  await crowd.until(Promise.all(staying.map(({ one }) => one.reach(last))));
  expect(crowd.faults).toEqual([]);
  expect(crowd.counts.sockets).toBe(socketCount);
  expect(log.map(({ frame }) => frame)).toEqual(log.map((_, at) => at + 1));
  const seen = log.filter(({ frame }) => frame > begin);
  expect([...crowd.texts.values()]).toEqual(seen.map((frame) => JSON.stringify(frame)));
  const events = log.flatMap((frame) => frame.events);
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  const contents = events.flatMap(({ data }) => data.content ?? []);
  expect(contents.toSorted()).toEqual([...said].toSorted());
  for (const gift of gifts) expect(events.some((event) => event.id.includes(gift))).toBe(true);

  // Viewers who left are no longer counted: first those who left on the way, then all.
  const viewersUntil = async (as: Person, count: number, what: string) => {
    let n = 0;
    const look = () => speak(`${what} ${++n}`, as);
    expect(await eventually(look, (viewers) => viewers === count)).toBe(count);
    const { body } = await call(`GET /api/v1/live-stream/${id}/viewers`, { as: host });
    expect(body.data.participantAudienceTotal).toBe(count);
  };
  await viewersUntil(host, peopleCount / 2, "half are here");
  const newest = Math.max(...crowd.texts.keys());
  const heads = await eventually(first.one.askHeads, (said) => said[id] === newest);
  expect(Object.keys(heads)).toEqual([id]);
  await Promise.all(staying.map(({ one, n }) => one.leave(n % 4 < 2 ? "closes" : "breaks")));
  const alone = crowd.member("the last viewer", host);
  await alone.come();
  await viewersUntil(host, 1, "all are gone");
  expect(crowd.faults).toEqual([]);
  await alone.leave("closes");
  crowd.end();
});
