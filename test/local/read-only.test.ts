/**
 * Step 1 of docs/restore.md under load: accepted calls are in the copy, all others were refused.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openTable } from "../../bin/aws/table.ts";
import { scanTable } from "../../platform/table/query.ts";
import { runProgram } from "../aws/account.ts";
import { makeUserSig } from "../platform/tencent/sign.ts";
import { localToken } from "../shared.ts";
import { type System, startSystem } from "../system.ts";

const secretKey = randomBytes(32).toString("hex");
const streamId = "64d15f9e2e6c8f4d5a123000";
const giftTypeId = "65a1234bcde5678f90123456";
let system: System;
let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "ovation-copy-"));
  system = await startSystem({ env: { TENCENT_SECRET_KEY: secretKey } });
});
afterAll(async () => {
  await system.stop();
  await rm(copy, { recursive: true, force: true });
});

const tokenOf = (wish: object) => localToken(system.url, wish);

/** The answer to a call: the id of a gift, `readOnly`, or `busy` if it may have been done. */
type Reply = { id: string } | "readOnly" | "busy";

/** The outcome of one sender's calls; `unsure`: busy at first and read-only when repeated. */
type Sent = { accepted: string[]; refused: number; unsure: number; afterwards: number };

/**
 * Calls repeatedly until stopped. A busy answer is followed by the same call with the same key, as
 * the API demands of its clients.
 */
function keepSending(send: (key: string) => Promise<Reply>, isOver: () => "no" | "marked" | "yes") {
  const sent: Sent = { accepted: [], refused: 0, unsure: 0, afterwards: 0 };
  const done = (async () => {
    for (let when = isOver(); when !== "yes"; when = isOver()) {
      const key = randomUUID();
      let reply = await send(key);
      const wasBusy = reply === "busy";
      while (reply === "busy") {
        await pause(1_000);
        reply = await send(key);
      }
      if (reply === "readOnly") {
        sent.refused++;
        if (wasBusy && when === "no") sent.unsure++;
        // Paced like a real client, which stays below the sender's rate limit.
        await pause(50);
        continue;
      }
      sent.accepted.push(reply.id);
      if (when === "marked") sent.afterwards++;
    }
  })();
  return { sent, done };
}

const readOnly = "Read-only for maintenance: nothing was changed, try again later";

async function sendGift(token: string, key: string): Promise<Reply> {
  const answer = await fetch(`${system.url}/api/v1/gifts/create`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({ giftTypeId, liveStreamId: streamId }),
  });
  const { data, errors } = (await answer.json()) as { data: { id: string }; errors: string[] };
  if (answer.status === 201) return data;
  const after = answer.headers.get("retry-after");
  // 409: the first attempt has not ended yet.
  if ([409, 503].includes(answer.status) && after === "1") return "busy";
  expect([answer.status, errors.slice(1), after]).toEqual([503, [readOnly], "30"]);
  return "readOnly";
}

const unavailable = "Service temporarily unavailable, try again";
const ReceiverList_Account = ["64d15f9e2e6c8f4d5a123457"];
async function sendTencent(sender: string, GiftId: string, key: string): Promise<Reply> {
  const query = new URLSearchParams({
    sdkappid: "1400000001",
    identifier: "administrator",
    usersig: makeUserSig({ secretKey, sdkAppId: 1_400_000_001 }),
    random: "99999999",
    contenttype: "json",
  });
  const answer = await fetch(`${system.url}/v4/live_engine_http_srv/send_gift?${query}`, {
    method: "POST",
    headers: { "idempotency-key": key },
    body: JSON.stringify({ RoomId: streamId, GiftId, From_Account: sender, ReceiverList_Account }),
  });
  const body = (await answer.json()) as { ErrorCode: number; ErrorInfo: string };
  if (body.ErrorCode === 0) return { id: key };
  // 60018: the first attempt has not ended yet.
  if (body.ErrorCode === 60018 || body.ErrorInfo === unavailable) return "busy";
  expect([body.ErrorCode, body.ErrorInfo]).toEqual([100001, readOnly]);
  return "readOnly";
}

test("each gift accepted by either API before the data became read-only is in the copy", async () => {
  const people = ["ann", "ben", "carl"];
  const [ann, ben] = await Promise.all(people.map((sub) => tokenOf({ sub, credits: 1_000_000 })));
  let over: "no" | "marked" | "yes" = "no";
  const senders = [
    keepSending(
      (key) => sendGift(ann!, key),
      () => over,
    ),
    keepSending(
      (key) => sendGift(ben!, key),
      () => over,
    ),
    keepSending(
      (key) => sendTencent("carl", "gift1", key),
      () => over,
    ),
  ];
  const ended = Promise.all(senders.map(({ done }) => done));
  const until = async (isReached: (sent: Sent) => boolean) => {
    while (!senders.every(({ sent }) => isReached(sent))) await Promise.race([pause(20), ended]);
  };
  await until(({ accepted }) => accepted.length >= 20);
  const settings = { DATA_DIR: system.dataDir };
  const begun = Date.now();
  const { status, stdout } = await runProgram("operate/read-only.ts", [], settings);
  expect(status).toBe(0);
  expect(stdout).toMatch(/receives no more writes\n$/);
  // The command itself waits ten seconds.
  expect(Date.now() - begun).toBeGreaterThan(9_000);
  over = "marked";
  for (const suffix of ["", "-wal"]) {
    const file = `dynamodb.sqlite${suffix}`;
    await copyFile(join(system.dataDir, file), join(copy, file));
  }
  const soFar = senders.map(({ sent }) => sent.refused);
  await until((sent) => sent.refused >= Math.max(...soFar) + 10);
  over = "yes";
  await ended;

  const stored: string[] = [];
  let ofCarl = 0;
  process.env.DATA_DIR = copy;
  const close = await openTable();
  for await (const item of scanTable()) {
    if (!/^GIFT#/.test(item.SK)) continue;
    if ((item.sender as { userId: string }).userId === "carl") ofCarl++;
    else stored.push(String(item.id));
  }
  await close();
  const [byAnn, byBen, byCarl] = senders.map(({ sent }) => sent);
  const wanted = [...byAnn!.accepted, ...byBen!.accepted];
  expect(wanted.filter((id) => !stored.includes(id))).toEqual([]);
  // Tencent's gifts are counted, as responses have no ids; an unsure one may be there.
  const certain = byCarl!.accepted.length;
  expect(ofCarl).toBeGreaterThanOrEqual(certain);
  expect(ofCarl).toBeLessThanOrEqual(certain + byCarl!.unsure);
  expect(senders.map(({ sent }) => sent.afterwards)).toEqual([0, 0, 0]);

  const reads = await fetch(`${system.url}/api/v1/live-stream/${streamId}`, {
    headers: { authorization: `Bearer ${ann}` },
  });
  expect(reads.status).toBe(200);
  const writable = await runProgram("operate/read-only.ts", ["--writable"], settings);
  expect(writable.status).toBe(0);
  while (typeof (await sendGift(ann!, randomUUID())) === "string") await pause(100);
}, 300_000);
