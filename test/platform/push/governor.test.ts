import { createGovernor, createGovernors } from "../../../platform/push/governor.ts";

/** Time that goes on only when all wait for it. */
function createTime() {
  let now = 1_000_000;
  const waiting: { at: number; wake: () => void }[] = [];
  const wait = (milliseconds: number) =>
    new Promise<void>((wake) => waiting.push({ at: now + Math.max(0, milliseconds), wake }));
  async function run(until: number): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 20; turn++) await null;
      const next = waiting.reduce<(typeof waiting)[number] | undefined>(
        (first, one) => (first === undefined || one.at < first.at ? one : first),
        undefined,
      );
      if (next === undefined || next.at > until) return;
      waiting.splice(waiting.indexOf(next), 1);
      now = next.at;
      next.wake();
    }
  }
  return { now: () => now, wait, run };
}

/** Environments that post as much as they may for some seconds; answers when each post went. */
async function flood(
  rate: number,
  environments: number,
  seconds: number,
  leaseMilliseconds: number,
  unasked?: number,
) {
  const time = createTime();
  const taken = new Map<number, number>();
  const lease = async (slot: number, wanted: number, slotMax: number) => {
    await time.wait(leaseMilliseconds);
    const before = taken.get(slot) ?? 0;
    taken.set(slot, before + wanted);
    return Math.min(wanted, Math.max(0, slotMax - before));
  };
  const posts: number[] = [];
  const each = Array.from({ length: environments }, () => 0);
  const end = time.now() + seconds * 1000;
  const limited: boolean[] = [];
  for (let n = 0; n < environments; n++) {
    const governor = createGovernor(rate, lease, time, unasked);
    const sender = async () => {
      while (time.now() < end) {
        await governor.take();
        posts.push(time.now());
        each[n]! += 1;
        await time.wait(1);
      }
      limited[n] = Number.isFinite(governor.limitedAt());
    };
    for (let sender_ = 0; sender_ < 40; sender_++) void sender();
  }
  await time.run(end + 2_000);
  return { posts: posts.sort((a, b) => a - b), limited, each };
}

const mostInOneSecond = (posts: readonly number[]) => {
  let [most, from] = [0, 0];
  for (const [to, at] of posts.entries()) {
    while (posts[from]! <= at - 1000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
};

test.each([1, 2, 5])(
  "%i environments at once pass the rate by less than a tenth",
  async (count) => {
    const rate = 5_000;
    const { posts, limited } = await flood(rate, count, 3, 3);
    expect(mostInOneSecond(posts)).toBeLessThanOrEqual(rate * 1.1);
    expect(posts.length).toBeGreaterThan(rate * 3 * 0.75);
    expect(limited).toContain(true);
  },
);

test.each([
  ["five frames a second to a thousand viewers do not reach the rate", 5, false],
  ["eight do", 8, true],
])("%s", async (_what, framesPerSecond, isReached) => {
  const time = createTime();
  const taken = new Map<number, number>();
  const lease = async (slot: number, wanted: number, slotMax: number) => {
    await time.wait(3);
    const before = taken.get(slot) ?? 0;
    taken.set(slot, before + wanted);
    return Math.min(wanted, Math.max(0, slotMax - before));
  };
  const governor = createGovernor(8_000, lease, time);
  void (async () => {
    for (let frame = 0; frame < 2 * framesPerSecond; frame++) {
      for (let viewer = 0; viewer < 1_000; viewer++) void governor.take();
      await time.wait(1000 / framesPerSecond);
    }
  })();
  await time.run(time.now() + 5_000);
  expect(Number.isFinite(governor.limitedAt())).toBe(isReached);
});

test("sixteen environments of a raised rate hold it, and share it", async () => {
  const rate = 40_000;
  const { posts, each } = await flood(rate, 16, 1, 3, 0);
  expect(mostInOneSecond(posts)).toBeLessThanOrEqual(rate * 1.05);
  expect(posts.length).toBeGreaterThan(rate * 0.75);
  const fair = posts.length / 16;
  for (const own of each) {
    expect(own).toBeGreaterThan(fair * 0.5);
    expect(own).toBeLessThan(fair * 1.5);
  }
});

test("an environment takes no more of a slot than it can send meanwhile", async () => {
  const { posts } = await flood(80_000, 1, 1, 3, 0);
  expect(mostInOneSecond(posts)).toBeLessThanOrEqual(13_000);
  expect(posts.length).toBeGreaterThan(10_000);
});

test("leases that take longer than a slot delay posts, and drop none", async () => {
  const rate = 5_000;
  const { posts } = await flood(rate, 2, 3, 90);
  expect(posts.length).toBeGreaterThan(1_000);
  expect(mostInOneSecond(posts)).toBeLessThanOrEqual(rate * 1.1);
});

test("posts go out in the order they were requested, even if a lease takes longer than a slot", async () => {
  const time = createTime();
  const governor = createGovernor(250, () => time.wait(50).then(() => 0), time, 0.2);
  const [all, gone] = [Array.from({ length: 80 }, (_, n) => n), [] as number[]];
  const ask = (post: number) => {
    const permission = governor.take();
    if (permission === undefined) gone.push(post);
    else void permission.then(() => gone.push(post));
  };
  void (async () => {
    for (const post of all) {
      ask(post);
      if (post >= 40) await time.wait(4);
    }
  })();
  await time.run(time.now() + 5_000);
  expect(gone).toEqual(all);
});

test("a room of thirty viewers with two frames a second is posted at once, without a lease", async () => {
  const time = createTime();
  let leases = 0;
  const lease = async (_slot: number, wanted: number) => {
    leases += 1;
    return wanted;
  };
  const governor = createGovernor(8_000, lease, time);
  for (let frame = 0; frame < 10; frame++) {
    for (let viewer = 0; viewer < 30; viewer++) expect(governor.take()).toBeUndefined();
    await Promise.all([time.wait(500), time.run(time.now() + 500)]);
  }
  expect(leases).toBe(0);
  expect(governor.limitedAt()).toBe(Number.NEGATIVE_INFINITY);
});

test.each([1, 3_600])(
  "after %i s of rest an environment posts thirty without a lease",
  async (rest) => {
    const time = createTime();
    let leases = 0;
    const governor = createGovernor(
      8_000,
      async () => {
        leases += 1;
        return 0;
      },
      time,
    );
    for (let n = 0; n < 30; n++) void governor.take();
    expect(leases).toBe(0);
    await Promise.all([time.wait(rest * 1000), time.run(time.now() + rest * 1000)]);
    for (let n = 0; n < 30; n++) expect(governor.take()).toBeUndefined();
    void governor.take();
    await null;
    expect(leases).toBe(1);
  },
);

test("large rooms that post as much as allowed leave a tenth of the rate to the others", async () => {
  const rate = 5_000;
  const time = createTime();
  const taken = new Map<string, number>();
  const pools = new Map<string, number>();
  const lease = async (pool: string, slot: number, wanted: number, slotMax: number) => {
    await time.wait(3);
    const name = `${pool} ${slot}`;
    const before = taken.get(name) ?? 0;
    taken.set(name, before + wanted);
    const granted = Math.min(wanted, Math.max(0, slotMax - before));
    pools.set(pool, (pools.get(pool) ?? 0) + granted);
    return granted;
  };
  const { large, others } = createGovernors(rate, lease, time);
  const end = time.now() + 3_000;
  const posts: Record<string, number[]> = { large: [], others: [] };
  for (const [name, governor] of Object.entries({ large, others }))
    for (let sender = 0; sender < 400; sender++)
      void (async () => {
        while (time.now() < end) {
          await governor.take();
          posts[name]!.push(time.now());
          await time.wait(1);
        }
      })();
  await time.run(end + 2_000);
  const all = [...posts.large!, ...posts.others!].sort((a, b) => a - b);
  expect(mostInOneSecond(all)).toBeLessThanOrEqual(rate * 1.1);
  expect(posts.others!.length).toBeGreaterThan(rate * 3 * 0.08);
  expect(posts.large!.length).toBeGreaterThan(rate * 3 * 0.5);
  expect([...pools.keys()].sort()).toEqual(["large", "rest"]);
});

test("waiting posts are sent in order, and all fail if no lease can be obtained", async () => {
  const time = createTime();
  const went: number[] = [];
  const lease = (_slot: number, wanted: number) => time.wait(1).then(() => Math.min(wanted, 1));
  const governor = createGovernor(100, lease, time);
  for (let n = 0; n < 20; n++) void Promise.resolve(governor.take()).then(() => went.push(n));
  await time.run(time.now() + 5_000);
  expect(went).toEqual(Array.from({ length: 20 }, (_, n) => n));
  const broken = createGovernor(
    100,
    () => Promise.reject(new Error("the table does not answer")),
    time,
  );
  const waiting = Array.from({ length: 3 }, () => Promise.resolve(broken.take()));
  const results = await Promise.allSettled(waiting);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
});
