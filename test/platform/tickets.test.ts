import { makeTicket, ticketSeconds } from "../../domain/log/ticket.ts";
import { hashOfSecret, newSecret } from "../../platform/auth/secret.ts";
import { ticketCaller } from "../../platform/realtime/ticket.ts";
import { recordTicket } from "../../platform/store/log/tickets.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { forget } from "./wallet-people.ts";

useOwnTable();

const now = new Date("2026-01-15T10:30:00.000Z");
const nowSeconds = now.getTime() / 1000;
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const roles: "admin"[] = ["admin"];

/** A ticket made now, by an admin's token that expires in `tokenSeconds`. */
async function ticketOf(tokenSeconds: number, streamId?: string): Promise<string> {
  const token = { expiresAt: nowSeconds + tokenSeconds, issuedAt: nowSeconds - 5, tokenId: "t" };
  const text = newSecret();
  const ticket = makeTicket({ userId: "ann", roles, ...token }, streamId, now);
  await recordTicket(text, ticket, forget(undefined));
  return text;
}

test("a ticket is valid for a minute or until its token ends, with the token's roles", async () => {
  const ann = { userId: "ann", issuedAt: nowSeconds - 5, tokenId: "t", roles, claims: {} };
  const seconds = ticketSeconds - 0.001;
  expect(await ticketCaller(await ticketOf(3600), after(seconds))).toEqual({
    ...ann,
    expiresAt: nowSeconds + 3600,
    isByTicket: true,
  });
  expect(await ticketCaller(await ticketOf(3600), after(ticketSeconds))).toBeUndefined();
  expect(await ticketCaller(await ticketOf(10, "a".repeat(24)), after(9.9))).toEqual({
    ...ann,
    expiresAt: nowSeconds + 10,
    isByTicket: true,
    streamId: "a".repeat(24),
  });
  expect(await ticketCaller(await ticketOf(10), after(10))).toBeUndefined();
});

test("one of several concurrent callers with one ticket may use it, and a late one uses it up", async () => {
  for (let round = 0; round < 20; round++) {
    const text = await ticketOf(3600);
    const takes = await Promise.all(Array.from({ length: 10 }, () => ticketCaller(text, now)));
    expect(takes.filter((caller) => caller !== undefined)).toHaveLength(1);
  }
  const late = await ticketOf(3600);
  expect(await ticketCaller(late, after(100))).toBeUndefined();
  expect(await ticketCaller(late, now)).toBeUndefined();
});

test("the table does not store a ticket's text, and has its expiry", async () => {
  const text = await ticketOf(3600);
  const item = await getRawItem(key.ticket(hashOfSecret(text)));
  expect(JSON.stringify(item)).not.toContain(text);
  expect(item).toMatchObject({ expiresAt: nowSeconds + ticketSeconds });
});

test("invented and used tickets cost one read unit each and no write", async () => {
  const used = await ticketOf(3600);
  expect(await ticketCaller(used, now)).toBeDefined();
  const invented = [used, ...Array.from({ length: 20 }, newSecret)];
  const spent = await meterTable()(async () => {
    for (const text of invented) expect(await ticketCaller(text, now)).toBeUndefined();
  });
  expect(spent).toMatchObject({ read: invented.length, write: 0 });
});

test("a text that cannot be a ticket is refused without a read", async () => {
  const read = meterTable();
  for (const text of ["", "ticket", "x".repeat(44), `${"x".repeat(42)} `]) {
    const { calls } = await read(() => ticketCaller(text, now));
    expect([text, calls]).toEqual([text, 0]);
  }
});
