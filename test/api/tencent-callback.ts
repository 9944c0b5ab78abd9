import { watchStandstills } from "../standstills.ts";
import { type Answer, addressOf, call } from "./people.ts";

const command = "Live.CallbackBeforeSendGift";

/** The query that Tencent sends, with parts of it replaced; undefined leaves one out. */
export function callbackQuery(changes: Record<string, string | undefined> = {}): string {
  const all = {
    key: process.env.TENCENT_CALLBACK_KEY!,
    SdkAppid: "1400000001",
    CallbackCommand: command,
    contenttype: "json",
    ClientIP: "203.0.113.7",
    OptPlatform: "Android",
    ...changes,
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given as [string, string][]).toString();
}

type Calling = { query?: string; raw?: string; method?: string };

/** One callback as Tencent's engine sends it. */
export function callBack(body: unknown, { query, raw, method }: Calling = {}): Promise<Answer> {
  const route = `${method ?? "POST"} /tencent/callback?${query ?? callbackQuery()}`;
  return call(route, { ...(raw === undefined ? { body } : { raw }) });
}

/**
 * Whether a busy machine ran out of Tencent's two seconds: what the call charged, if anything, may
 * be held for a while. That a quiet one is in time is tested in `platform/money/callback-faults`.
 */
const isLate = ({ body }: Answer) => /^(Not done in time|No answer)/.test(body?.ErrorInfo);

/** The same, called again while it is late: for calls that change nothing the second time. */
export async function callBackUntilDone(...given: Parameters<typeof callBack>): Promise<Answer> {
  for (let left = 20; ; left--) {
    const answer = await callBack(...given);
    if (left === 0 || !isLate(answer)) return answer;
  }
}

class Late extends Error {}

/** The same for calls that charge: a late one begins a `charging` test again. */
export async function callBackInTime(...given: Parameters<typeof callBack>): Promise<Answer> {
  const answer = await callBack(...given);
  if (isLate(answer)) throw new Late(answer.text);
  return answer;
}

/** A test with `callBackInTime` that makes its own people. */
export const charging = (name: string, play: () => Promise<void>) =>
  test(name, async () => {
    for (let left = 20; ; left--) {
      const end = await play().catch((error: unknown) => error);
      if (end === undefined) return;
      if (left === 0 || !(end instanceof Late)) throw end;
    }
  });

/** The payload about one gift. */
export const giftAsked = (
  RoomId: string,
  water: { From_Account: string; To_Account: string[]; GiftId: string } & Record<string, unknown>,
) => ({
  CallbackCommand: command,
  Operator_Account: water.From_Account,
  RoomId,
  GiftWater: { Time: Math.floor(Date.now() / 1000), Count: 1, Coins: 1000, ...water },
});

/**
 * A call's response, its duration in milliseconds without standstills of the machine, and whether
 * there was one: it may have used up the call's two seconds.
 */
export async function timed(calling: Promise<Answer>) {
  const runningOf = watchStandstills();
  const before = performance.now();
  const answer = await calling;
  const took = performance.now() - before;
  const milliseconds = runningOf(took);
  return { answer, milliseconds, stoodStill: milliseconds < took };
}

/** A callback without a JSON body: bytes, or another method. */
export const bare = async (method: string, query: string, body?: Uint8Array<ArrayBuffer>) =>
  fetch(addressOf(`/tencent/callback?${query}`), { method, body: body ?? null });
