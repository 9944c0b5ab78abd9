import { computed, signal } from "@preact/signals";
import type { Client, Event, Subscription } from "../../client/index.ts";
import { isFinal, reasonOf } from "../chat/reason.ts";
import { creditsOfGift } from "../chat/tier.ts";
import type { ChatSettings } from "../host/chat-settings.tsx";
import {
  type Audit,
  type Bill,
  type DemoUser,
  fetchAudit,
  fetchBill,
  killServer,
} from "../runner.ts";
import { createDeliveryCheck } from "./delivery-check.ts";
import { note } from "./network-log.ts";

/** State shared by several components of Studio. */
export const demoUsers = signal<DemoUser[]>([]);
export const streamId = signal("");
/** The stream as its host reads it; undefined until then. */
export const stream = signal<Stream | undefined>(undefined);
export const isLive = computed(() => stream.value?.status === "active");
export const isOver = computed(() => stream.value !== undefined && !isLive.value);
/** Why nothing can be shown. */
export const loadError = signal<string | undefined>(undefined);

/** Metrics of the stream; undefined until they are read. */
type Figure = number | undefined;
export const viewers = signal<Figure>(undefined);
/** The peak number of viewers of this stream. */
export const peak = signal<Figure>(undefined);
export const credits = signal<Figure>(undefined);
export const messages = signal<Figure>(undefined);
export const likes = signal<Figure>(undefined);
/** The totals of an ended stream. */
export const summary = signal<Summary | undefined>(undefined);

export type Supporter = {
  rank: number;
  user: { _id: string; username: string; name: string; surname: string; profilePhoto: string };
  credits: number;
};
export const supporters = signal<Supporter[] | undefined>(undefined);
export const chatSettings = signal<ChatSettings | undefined>(undefined);

type Stream = { title: string; status: string; startedAt: string | null } & ChatSettings;
type Summary = {
  viewers: number;
  peak: number;
  messages: number;
  credits: number;
  gifts: number;
};

export const bill = signal<Bill | undefined>(undefined);
export const audit = signal<Audit | "running" | "failed" | undefined>(undefined);
/** When the server was killed, and how long the outage lasted; undefined before the first kill. */
export const outage = signal<{ began: number; milliseconds?: number } | undefined>(undefined);
export const isDown = computed(() => outage.value !== undefined && !outage.value.milliseconds);

/** Gifts that fly over the stage. */
type FlyingGift = { id: string; url: string; name: string; sender: string; credits: number };
export const flyingGift = signal<FlyingGift | undefined>(undefined);

const againMilliseconds = 2_000;
const supportersMilliseconds = 2_500;
const billMilliseconds = 4_000;
/** The host's client; undefined before the host's chat has started. */
export const hostClient = signal<Client | undefined>(undefined);
let isAsked = false;

/** Handles events of the host's chat, the only chat whose events are counted: each counts once. */
export function takeEvent({ id, type, data }: Event): void {
  if (type === "chat.message") messages.value = (messages.value ?? 0) + 1;
  else if (type === "chat.deleted") messages.value = Math.max(0, (messages.value ?? 0) - 1);
  else if (type === "settings.changed") chatSettings.value = data;
  else if (type === "stream.ended") showEnd();
  else if (type === "gift.refunded") credits.value = data.totals.credits;
  else if (type === "gift.sent") {
    credits.value = data.totals.credits;
    const { svgUrl: url, name } = data.giftType;
    const sender = data.sender.name || data.sender.username;
    flyingGift.value = { id, url, name, sender, credits: creditsOfGift(data) };
    if (!isAsked) setTimeout(readSupporters, supportersMilliseconds);
    isAsked = true;
  }
}

/** Sets the number of viewers; `atLeast` is a known earlier peak. */
export function countViewers(atLeast: number, now: number): void {
  viewers.value = now;
  peak.value = Math.max(peak.value ?? 0, atLeast, now);
}

function showEnd(): void {
  if (stream.value !== undefined) stream.value = { ...stream.value, status: "ended" };
  const client = hostClient.peek();
  if (client !== undefined) void readSummary(client);
}

/** Ends the stream for all viewers. */
export async function endStream(): Promise<void> {
  await hostClient.peek()?.call("POST", `/api/v1/live-stream/${streamId.value}/end`);
  showEnd();
}

async function readSupporters(): Promise<void> {
  isAsked = false;
  const path = `/api/v1/live-stream/${streamId.value}/leaderboard?limit=5`;
  const found = await hostClient
    .peek()
    ?.call<Supporter[]>("GET", path)
    .catch(() => undefined);
  if (found !== undefined) supporters.value = found;
}

const deliveryChecks = new Set<ReturnType<typeof createDeliveryCheck>>();

/** Counts the events a user is shown from now on; returns a function that stops. */
export function checkDelivery(client: Client): () => void {
  const made = createDeliveryCheck(client, streamId.value);
  deliveryChecks.add(made);
  return () => {
    made.stop();
    deliveryChecks.delete(made);
  };
}

const checkMilliseconds = 15_000;
const settleMilliseconds = 2_500;

/** Compares shown events with the log, at intervals. */
async function checkDeliveries(): Promise<void> {
  for (const one of deliveryChecks) await one.check().catch(() => {});
}

type GiftStatistics = {
  totalCount: number;
  giftTypeCounts: { giftType: { creditAmount: number }; count: number }[];
};

/** The totals of a stream, live or ended. */
async function readTotals(client: Client) {
  const path = `/api/v1/live-stream/${streamId.value}`;
  const [gifts, said, watched, found] = await Promise.all([
    client.call<GiftStatistics>("GET", `${path}/gift-statistics`),
    client.call<{ total: number }>("GET", `${path}/chat/messages?limit=1`),
    client.call<{ peakViewers: number; totalViewers: number }>(
      "GET",
      `/api/v1/participant/stream/${streamId.value}/statistics`,
    ),
    client.call<Supporter[]>("GET", `${path}/leaderboard?limit=5`),
  ]);
  return {
    viewers: watched.totalViewers,
    peak: watched.peakViewers,
    messages: said.total,
    gifts: gifts.totalCount,
    credits: gifts.giftTypeCounts.reduce(
      (sum, { giftType, count }) => sum + giftType.creditAmount * count,
      0,
    ),
    supporters: found,
  };
}

/** Reads a stream's totals; retries until they are available, and once more for late gifts. */
async function readSummary(client: Client, again = true): Promise<void> {
  const totals = await readTotals(client).catch(() => undefined);
  if (totals !== undefined) [summary.value, supporters.value] = [totals, totals.supporters];
  if (summary.value === undefined || again)
    setTimeout(() => void readSummary(client, false), againMilliseconds);
}

function takeTotals(totals: Awaited<ReturnType<typeof readTotals>>): void {
  peak.value = Math.max(peak.value ?? 0, totals.peak);
  credits.value = Math.max(credits.value ?? 0, totals.credits);
  supporters.value = totals.supporters;
}

/** Starts with the host's client. */
export function startAsHost(client: Client): Promise<void> {
  hostClient.value = client;
  const subscription = client.subscribe(streamId.value, {
    onSums: (sums) => {
      likes.value = Number(sums.likes ?? 0);
    },
  });
  return readAsHost(client, subscription);
}

/**
 * Reads the stream and its totals, only after subscribing: otherwise changes before the first frame
 * would be missed. Retries while the server is down, until the subscription ends.
 */
async function readAsHost(client: Client, subscription: Subscription): Promise<void> {
  const path = `/api/v1/live-stream/${streamId.value}`;
  try {
    await subscription.ready;
    const [found, totals] = await Promise.all([
      client.call<Stream>("GET", path),
      readTotals(client),
    ]);
    messages.value = totals.messages;
    takeTotals(totals);
    // Earlier gifts may not have been settled yet.
    setTimeout(() => void readTotals(client).then(takeTotals, () => {}), supportersMilliseconds);
    // An event may have changed the settings before this response arrived.
    chatSettings.value ??= found;
    stream.value = found;
    if (found.status !== "active") summary.value = totals;
  } catch (error) {
    if (isFinal(error)) loadError.value = reasonOf(error);
    else if (!subscription.isEnded())
      setTimeout(() => void readAsHost(client, subscription), againMilliseconds);
  }
}

/** Changes the stream's chat settings. Rejects as the client's calls do. */
export async function changeChatSettings(change: Partial<ChatSettings>): Promise<void> {
  const before = chatSettings.peek();
  await hostClient
    .peek()
    ?.call("PATCH", `/api/v1/live-stream/${streamId.value}/chat-settings`, change);
  // Events that came meanwhile know better: a later change may be among them.
  if (before !== undefined && chatSettings.peek() === before)
    chatSettings.value = { ...before, ...change };
}

export async function runAudit(): Promise<void> {
  if (audit.value === "running") return;
  audit.value = "running";
  audit.value = await fetchAudit().catch(() => "failed" as const);
}

/** Kills the server, waits until it is back, and counts lost events; there should be none. */
export async function kill(): Promise<void> {
  if (isDown.value) return;
  try {
    await killServer();
  } catch (error) {
    note("studio", (error as Error).message);
    return;
  }
  const began = performance.now();
  outage.value = { began };
  note("studio", "the server was killed");
  const isHealthy = async () => (await fetch("/health").catch(() => undefined))?.ok === true;
  // The response is sent just before the process ends.
  await new Promise((done) => setTimeout(done, 250));
  while (!(await isHealthy())) await new Promise((done) => setTimeout(done, 150));
  outage.value = { began, milliseconds: performance.now() - began };
  note("studio", "the server is back");
  setTimeout(() => void checkDeliveries().then(runAudit), settleMilliseconds);
}

/** Polls cost, audit and delivery check while the page is visible. */
export function pollServer(): void {
  const readBill = async () => {
    if (document.hidden || isDown.value) return;
    bill.value = (await fetchBill().catch(() => undefined)) ?? bill.value;
  };
  setInterval(readBill, billMilliseconds);
  setInterval(() => document.hidden || isDown.value || void checkDeliveries(), checkMilliseconds);
  void readBill();
  void runAudit();
}
