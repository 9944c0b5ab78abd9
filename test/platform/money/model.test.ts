import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  type Answer,
  admin,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  rich,
  walletOf,
} from "../../api/people.ts";
import type { System } from "../../system.ts";
import {
  balanceIn,
  creditIn,
  debitIn,
  emptyModel,
  endFundingIn,
  givenIn,
  giveToTrain,
  type Model,
  refundFromTrain,
  takeBackIn,
  trainSettings,
  trainSumIn,
} from "./model.ts";
import { auditOf, callUntilAnswered, settledBalance, startOwn } from "./running.ts";

/*
 * The same commands on the model and on the running system. Planted faults that turn it red:
 * credit() that repays no debt; a marker's condition without "or expired" or a marker not read;
 * refund() that does not settle first; settle() without the condition on `due`; an escrow that is
 * the host's without its goal; a pass below its price; a train that keeps what filled its window.
 */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.MODEL_RUNS ?? 6);

type World = {
  system: System;
  host: Person;
  streamId: string;
  /** A stream of the same host, which costs `passPrice`. */
  paidId: string;
  /** The host's planned stream, which asks for `fundingGoal` and costs `passPrice`. */
  plannedId: string;
  people: Person[];
  types: string[];
};

const prices = [10, 35];
const passPrice = 15;
const fundingGoal = 20;
let world: World;

beforeAll(async () => {
  console.log(`model: SEED=${seed} MODEL_RUNS=${runs}`);
  const system = await startOwn();
  const ids = { streamId: "", paidId: "", plannedId: "" };
  world = { system, host: { id: "", token: "" }, ...ids, people: [], types: [] };
  world.types = await Promise.all(prices.map(giftType));
});
afterAll(async () => {
  const { dataDir } = world.system;
  await world.system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function openTrain(): Promise<{ id?: string; sum?: unknown }> {
  const route = `GET /api/v1/live-stream/${world.streamId}/moments?kind=train&status=open`;
  const { list, sums } = (await callUntilAnswered(route, {})).body.data;
  return list.length === 0 ? {} : { id: list[0].id, sum: sums[list[0].id] };
}

/** Settled balances, passes and the train must be as in the model. */
async function compare(model: Model): Promise<void> {
  for (const user of [world.host, ...world.people]) {
    await settledBalance(user);
    const { balance, owed } = await walletOf(user);
    expect({ of: user.id, balance, owed }).toEqual({ of: user.id, ...model.wallets.get(user.id) });
  }
  for (const user of world.people)
    expect({ of: user.id, isIn: await isIn(user, world.paidId) }).toEqual({
      of: user.id,
      isIn: model.passes.has(user.id),
    });
  const wanted = trainSumIn(model);
  await eventually(openTrain, ({ sum }) => isDeepStrictEqual(sum, wanted));
}

/** Whether a user may see the inside of a paid stream. */
async function isIn(as: Person, streamId: string): Promise<boolean> {
  const answer = await callUntilAnswered(`GET /api/v1/live-stream/${streamId}/viewers`, { as });
  if (answer.status !== 200) expect(answer.body.code).toBe("pass_required");
  return answer.status === 200;
}

const command = (
  name: string,
  run: (model: Model) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): fc.AsyncCommand<Model, World> => ({
  check,
  run: async (model) => {
    await run(model);
    await compare(model);
  },
  toString: () => name,
});

const give = (as: Person, type: number, key?: string) =>
  callUntilAnswered("POST /api/v1/gifts/create", {
    as,
    body: { giftTypeId: world.types[type], liveStreamId: world.streamId },
    ...(key !== undefined && { key }),
  });

/** The expected outcome of a gift or superlike, and its effect on the model. */
function expectGift(model: Model, as: Person, price: number, answer: Answer): string | undefined {
  const isPaid = model.live && debitIn(model, as.id, price);
  expect(answer.status).toBe(isPaid ? 201 : 409);
  if (!isPaid) return undefined;
  creditIn(model, world.host.id, price);
  const id = answer.body.data?.id;
  giveToTrain(model, { id, from: as.id, price });
  return id;
}

async function makeStream(as: Person, wish: Record<string, unknown>): Promise<string> {
  const body = { title: "Paid", price: passPrice, ...wish };
  const options = { as, key: freshId(), body };
  const made = await callUntilAnswered("POST /api/v1/live-stream/create", options);
  return made.body.data.id;
}

const goLive = (as: Person, liveStreamId: string) =>
  callUntilAnswered("POST /api/v1/live-stream/join-as-creator", {
    as,
    key: freshId(),
    body: { liveStreamId },
  });

async function paidStream(host: Person): Promise<string> {
  const liveStreamId = await makeStream(host, {});
  await goLive(host, liveStreamId);
  return liveStreamId;
}

const plannedStream = (host: Person) =>
  makeStream(host, {
    fundingGoal,
    plannedStartDate: new Date(Date.now() + 3_600_000).toISOString(),
  });

/** How a host ends a funding: by calls on the planned stream, and whether it is live then. */
const endings = {
  goesLive: (id: string) => goLive(world.host, id),
  cancelled: (id: string) =>
    callUntilAnswered(`POST /api/v1/live-stream/${id}/cancel`, { as: world.host, key: freshId() }),
  deleted: (id: string) =>
    callUntilAnswered(`DELETE /api/v1/live-stream/${id}`, { as: world.host }),
};

/** Ends the funding in one or more ways at once, of which one is the first, and plans another. */
async function endFunding(model: Model, ways: readonly (keyof typeof endings)[]): Promise<void> {
  const { host, people, plannedId } = world;
  const answers = await Promise.all(ways.map((way) => endings[way](plannedId)));
  for (const { status } of answers) expect([200, 404, 409]).toContain(status);
  const isLive = ways.some((way, at) => way === "goesLive" && answers[at]?.status === 200);
  const isHosts = isLive && givenIn(model) >= fundingGoal;
  const given = endFundingIn(model, isHosts ? host.id : undefined);
  for (const user of people) {
    await eventually(
      () => walletOf(user),
      ({ balance }) => balance === balanceIn(model, user.id),
    );
    if (!isLive) continue;
    const hasPass = isHosts && (given.get(user.id) ?? 0) >= passPrice;
    expect(await isIn(user, plannedId)).toBe(hasPass);
  }
  if (isLive)
    await callUntilAnswered(`POST /api/v1/live-stream/${plannedId}/end`, {
      as: host,
      key: freshId(),
    });
  world.plannedId = await plannedStream(host);
}

const person = (n: number) => world.people[n]!;

const giving = [
  fc.tuple(fc.nat(1), fc.nat(1)).map(([n, type]) =>
    command(`gift(${n}, ${prices[type]})`, async (model) => {
      const [as, price, key] = [person(n), prices[type]!, freshId()];
      const id = expectGift(model, as, price, await give(as, type, key));
      if (id === undefined) return;
      model.gifts.push({ id, from: as.id, price, refunded: false });
      model.keys.set(key, { from: as.id, price, id });
    }),
  ),
  fc.nat(1).map((n) =>
    command(`superlike(${n})`, async (model) => {
      const route = `POST /api/v1/live-stream/${world.streamId}/chat/superlike`;
      const answer = await callUntilAnswered(route, { as: person(n), key: freshId() });
      expectGift(model, person(n), 10, answer);
    }),
  ),
  fc.tuple(fc.nat(), fc.boolean()).map(([pick, isHost]) =>
    command(
      `refund(${pick}, by the ${isHost ? "host" : "admin"})`,
      async (model) => {
        const gift = model.gifts[pick % model.gifts.length]!;
        const as = isHost ? world.host : await admin();
        const answer = await call(`POST /api/v1/gifts/${gift.id}/refund`, { as });
        const isCovered = !isHost || balanceIn(model, world.host.id) >= gift.price;
        const isDone = isCovered && !gift.refunded;
        expect(answer.status).toBe(isDone ? 200 : 409);
        if (!isDone) return;
        gift.refunded = true;
        creditIn(model, gift.from, gift.price);
        takeBackIn(model, world.host.id, gift.price);
        refundFromTrain(model, gift);
      },
      ({ gifts }) => gifts.length > 0,
    ),
  ),
  fc.constantFrom("end", "cancel").map((how) =>
    command(
      `${how}Train`,
      async (model) => {
        const { id } = await openTrain();
        const route = `POST /api/v1/live-stream/${world.streamId}/moments/${id}/${how}`;
        const { status } = await callUntilAnswered(route, { as: world.host, key: freshId() });
        expect(status).toBe(200);
        model.train = { towards: [] };
      },
      ({ train }) => train.open !== undefined,
    ),
  ),
];

const commands = [
  ...giving,
  fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 60 })).map(([n, amount]) =>
    command(`topUp(${n}, ${amount})`, async (model) => {
      const as = await admin();
      const body = { amount, reference: freshId() };
      const route = `POST /api/v1/wallets/${person(n).id}/top-ups`;
      const { status } = await callUntilAnswered(route, { as, key: freshId(), body });
      expect(status).toBe(201);
      creditIn(model, person(n).id, amount);
    }),
  ),
  fc.nat(1).map((n) =>
    command(`join(${n})`, async (model) => {
      const as = person(n);
      const body = { liveStreamId: world.paidId };
      const { status } = await callUntilAnswered("POST /api/v1/live-stream/join", { as, body });
      const isIn = model.passes.has(as.id);
      const isPaid = !isIn && debitIn(model, as.id, passPrice);
      expect(status).toBe(isIn || isPaid ? 200 : 409);
      if (!isPaid) return;
      model.passes.add(as.id);
      creditIn(model, world.host.id, passPrice);
    }),
  ),
  fc.nat(1).map((n) =>
    command(`refundPass(${n})`, async (model) => {
      const as = await admin();
      const { id } = person(n);
      const route = `POST /api/v1/live-stream/${world.paidId}/passes/${id}/refund`;
      const { status } = await callUntilAnswered(route, { as, key: freshId() });
      expect(status).toBe(model.passes.has(id) ? 200 : 404);
      if (!model.passes.delete(id)) return;
      creditIn(model, id, passPrice);
      takeBackIn(model, world.host.id, passPrice);
    }),
  ),
  fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 25 })).map(([n, amount]) =>
    command(`fund(${n}, ${amount})`, async (model) => {
      const as = person(n);
      const route = `POST /api/v1/live-stream/${world.plannedId}/fund`;
      const key = freshId();
      const first = await callUntilAnswered(route, { as, key, body: { amount } });
      const isPaid = debitIn(model, as.id, amount);
      expect(first.status).toBe(isPaid ? 200 : 409);
      if (!isPaid) return;
      model.given.set(as.id, (model.given.get(as.id) ?? 0) + amount);
      expect(first.body.data.collectedFunding).toBe(givenIn(model));
      const again = await callUntilAnswered(route, { as, key, body: { amount } });
      expect(again.body.data).toEqual(first.body.data);
    }),
  ),
  fc
    .constantFrom<(keyof typeof endings)[]>(
      ...([["goesLive"], ["goesLive"], ["cancelled"], ["deleted"]] as const).map((one) => [...one]),
      ...[["goesLive", "cancelled", "deleted"] as (keyof typeof endings)[]],
    )
    .map((ways) => command(`endFunding(${ways})`, (model) => endFunding(model, ways))),
  fc.nat().map((pick) =>
    command(
      `sameKey(${pick})`,
      async ({ keys }) => {
        const [key, first] = [...keys][pick % keys.size]!;
        const as = world.people.find(({ id }) => id === first.from)!;
        const again = await give(as, prices.indexOf(first.price), key);
        expect([again.status, again.body.data?.id]).toEqual([201, first.id]);
        const other = await give(as, 1 - prices.indexOf(first.price), key);
        expect(other.status).toBe(422);
      },
      ({ keys }) => keys.size > 0,
    ),
  ),
  fc.integer({ min: 1, max: 50 }).map((amount) =>
    command(`hostSends(${amount})`, async (model) => {
      const body = { recipientId: person(0).id, amount };
      const route = "POST /api/v1/messages/credit-transfer";
      const { status } = await callUntilAnswered(route, { as: world.host, key: freshId(), body });
      const isSent = debitIn(model, world.host.id, amount);
      expect(status).toBe(isSent ? 201 : 409);
      if (isSent) creditIn(model, person(0).id, amount);
    }),
  ),
  fc.constant(null).map(() =>
    command(
      "endStream",
      async (model) => {
        await call(`POST /api/v1/live-stream/${world.streamId}/end`, { as: world.host });
        model.live = false;
        model.train = { towards: [] };
      },
      ({ live }) => live,
    ),
  ),
];

/** Plays commands on a model and on new streams; each of two users begins with `credits`. */
const sameAsModel = (all: typeof commands, credits: number, maxCommands: number) =>
  fc.asyncProperty(fc.commands(all, { maxCommands, size: "max" }), async (wishes) => {
    const { host, id } = await liveStream();
    const people = await Promise.all([rich(credits), rich(credits)]);
    await call(`PUT /api/v1/live-stream/${id}/train`, { as: host, body: trainSettings });
    const [paidId, plannedId] = [await paidStream(host), await plannedStream(host)];
    Object.assign(world, { host, streamId: id, paidId, plannedId, people });
    const model = emptyModel([host.id, ...people.map((one) => one.id)]);
    for (const one of people) creditIn(model, one.id, credits);
    await fc.asyncModelRun(() => ({ model, real: world }), wishes);
  });

test("the system behaves like the model", () =>
  fc.assert(sameAsModel(commands, 1, 25), { seed, numRuns: runs, endOnFailure: true }));

test("gifts and refunds of users who can pay, and the trains that they move, behave like the model", () =>
  fc.assert(sameAsModel(giving, 5_000, 40), { seed, numRuns: 2, endOnFailure: true }));

test("a system that is killed and restarted between commands behaves like the model", async () => {
  const { host, id } = await liveStream();
  const people = await Promise.all([rich(200), rich(200)]);
  Object.assign(world, { host, streamId: id, people });
  const keys = Array.from({ length: 10 }, freshId);
  for (const [n, key] of keys.entries()) await give(people[n % 2]!, 0, key);
  const { dataDir, url } = world.system;
  await world.system.kill();
  world.system = await startOwn(dataDir, Number(new URL(url).port));
  for (const [n, key] of keys.entries()) {
    const again = await give(people[n % 2]!, 0, key);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  }
  expect(await settledBalance(host)).toBe(100);
  for (const one of people) expect(await walletOf(one)).toMatchObject({ balance: 150 });
});

/*
 * Jepsen's bank: transfers between accounts at random, and at rest the sum is what was put in, with
 * nobody below zero. Planted fault that turns it red: a transfer that is two transactions.
 */
test("the bank test: random transfers keep the sum", async () => {
  const accounts = await Promise.all(Array.from({ length: 8 }, () => rich(100)));
  const random = fc.sample(fc.tuple(fc.nat(7), fc.nat(7), fc.integer({ min: 1, max: 60 })), {
    seed,
    numRuns: 200,
  });
  const transfers = random.filter(([from, to]) => from !== to);
  const send = async ([from, to, amount]: (typeof random)[number]) => {
    const body = { recipientId: accounts[to]!.id, amount };
    const as = accounts[from]!;
    const route = "POST /api/v1/messages/credit-transfer";
    const { status, body: answer } = await callUntilAnswered(route, { as, key: freshId(), body });
    expect([201, 409]).toContain(status);
    if (status === 201) expect(answer.senderBalance).toBeGreaterThanOrEqual(0);
  };
  for (let at = 0; at < transfers.length; at += 20)
    await Promise.all(transfers.slice(at, at + 20).map(send));
  const balances = await Promise.all(accounts.map(async (as) => (await walletOf(as)).balance));
  expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
  expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(800);
  expect(auditOf(world.system.dataDir)).toMatchObject({ code: 0 });
});
