/** The balance that a chat shows while gifts are under way. */
import { jest } from "@jest/globals";
import type { Client } from "../../client/index.ts";
import { createWallet } from "../../web/chat/wallet.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A wallet of this balance; `reads` counts how often it is read. */
async function walletOf(balance: number) {
  const stored = { balance, reads: 0 };
  const shown: number[] = [];
  const call = async () => {
    stored.reads++;
    return { balance: stored.balance };
  };
  const wallet = createWallet({ call } as unknown as Client, (credits) => shown.push(credits));
  await wallet.read();
  return { ...wallet, stored, shown };
}

test("the balance sinks with each gift, and is read once after a series of them", async () => {
  const { spend, shown, stored } = await walletOf(100);
  for (let gift = 0; gift < 3; gift++) {
    await spend(10, Promise.resolve());
    await jest.advanceTimersByTimeAsync(500);
  }
  expect([shown, stored.reads]).toEqual([[100, 90, 80, 70], 1]);
  stored.balance = 65;
  await jest.advanceTimersByTimeAsync(10_000);
  expect([shown.at(-1), stored.reads]).toEqual([65, 2]);
});

test("a balance that is read while a gift is under way is not shown: it may lack that gift", async () => {
  const { spend, read, readSoon, shown } = await walletOf(100);
  const given = Promise.withResolvers<void>();
  const spent = spend(10, given.promise);
  await read();
  readSoon();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(shown).toEqual([100, 90]);
  given.resolve();
  await spent;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(shown).toEqual([100, 90, 100]);
});

test("a chat that is closed reads the wallet no more", async () => {
  const { readSoon, stop, stored } = await walletOf(100);
  readSoon();
  stop();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(stored.reads).toBe(1);
});
