/** The balance that a chat shows while gifts are under way. */
import { jest } from "@jest/globals";
import type { Client, Wallet, WalletHandlers } from "../../client/index.ts";
import { createWallet } from "../../web/chat/wallet.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A chat's wallet; `read` is an answer of the client's watch, `asked` how often one was wanted. */
function walletOf(balance: number) {
  const shown: number[] = [];
  const watch = { asked: 0, isOpen: true };
  let read = (_: number) => {};
  const watchWallet = ({ onWallet }: WalletHandlers) => {
    read = (now) => onWallet({ balance: now } as Wallet);
    return { refresh: () => void watch.asked++, close: () => (watch.isOpen = false) };
  };
  const wallet = createWallet({ watchWallet } as unknown as Client, (now) => shown.push(now));
  read(balance);
  return { ...wallet, read, watch, shown };
}

test("the balance decreases with each gift until the wallet is read", async () => {
  const { spend, read, shown } = walletOf(100);
  for (let gift = 0; gift < 3; gift++) await spend(10, Promise.resolve());
  expect(shown).toEqual([100, 90, 80, 70]);
  read(65);
  expect(shown.at(-1)).toBe(65);
});

test("a balance that is read while a gift is under way is not shown: it may lack that gift", async () => {
  const { spend, read, shown, watch } = walletOf(100);
  const given = Promise.withResolvers<void>();
  const spent = spend(10, given.promise);
  read(100);
  expect(shown).toEqual([100, 90]);
  given.resolve();
  await spent;
  expect(watch.asked).toBe(1);
  read(100);
  expect(shown).toEqual([100, 90, 100]);
});

test("a host's earnings are read once per 1.5 s while gifts arrive, and no longer by a closed chat", async () => {
  const { readSoon, stop, watch } = walletOf(100);
  for (let gift = 0; gift < 10; gift++) {
    readSoon();
    readSoon();
    await jest.advanceTimersByTimeAsync(500);
  }
  await jest.advanceTimersByTimeAsync(10_000);
  expect(watch.asked).toBe(4);
  watch.asked = 1;
  readSoon();
  stop();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(watch).toEqual({ asked: 1, isOpen: false });
});
