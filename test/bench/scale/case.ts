/** One simulated room in a process of its own, so that it begins with nothing remembered. */
import { prodRates } from "../../../lib/stages/rates.ts";
import type { ArrivalCase } from "./arrivals.ts";
import type { ChatCase } from "./chat.ts";
import { installClock } from "./clock.ts";
import type { CrowdCase } from "./crowd.ts";
import type { RelayCase } from "./relay-room.ts";
import type { Case } from "./room.ts";

const given: Case | ArrivalCase | ChatCase | CrowdCase | RelayCase = JSON.parse(process.argv[2]!);
// Nobody waits for the figures any more.
process.once("disconnect", () => process.exit(1));
const started = performance.now();
Object.assign(process.env, {
  STAGE: "prod",
  TABLE_NAME: "simulated",
  DEFAULT_PICTURE: "https://assets.ovation.example/default-picture.png",
  ...("viewers" in given && {
    POST_RATE: String(given.postRate),
    LARGE_ROOM_VIEWERS: String(given.largeRoomViewers ?? 1000),
    PART_VIEWERS: String(given.partViewers ?? 5000),
  }),
  REQUESTS_PER_SECOND: "20",
  RATES: JSON.stringify(
    Object.fromEntries(
      Object.entries(prodRates).map(([kind, { perSecond, burst }]) => [kind, [perSecond, burst]]),
    ),
  ),
  ORIGINS: "*",
  ...("relayed" in given && {
    POST_RATE: String(given.postRate),
    LARGE_ROOM_VIEWERS: "1000",
    PART_VIEWERS: "5000",
    RELAY_URL: "wss://relay.simulated.example/ws",
    RELAY_FROM_VIEWERS: "2000",
  }),
  ...("arriving" in given && {
    POST_RATE: "8000",
    LARGE_ROOM_VIEWERS: "1000",
    PART_VIEWERS: "5000",
    SOCKETS_PER_USER: "10",
    MOMENTS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/moments",
  }),
  ...("crowd" in given && {
    POST_RATE: "8000",
    LARGE_ROOM_VIEWERS: "1000",
    PART_VIEWERS: "5000",
    SUMS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/sums",
    ENDINGS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/endings",
  }),
  POST_PART_FUNCTION: "ovation-prod-realtime-post-part",
  POSTS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/posts.fifo",
  RESUMES_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/resumes",
  RESUME_FRAMES_PER_SECOND: "200",
  WS_ENDPOINT: "https://simulated.execute-api.us-east-1.amazonaws.com/ws",
});
const clock = installClock(Date.parse("2026-11-20T12:00:00Z"));
// Loaded only now: what keeps a reference to the clock keeps this one.
async function simulate() {
  if ("viewers" in given) return (await import("./room.ts")).simulate(clock, given);
  if ("arriving" in given) return (await import("./arrivals.ts")).simulateArrivals(clock, given);
  if ("relayed" in given) return (await import("./relay-room.ts")).simulateRelay(clock, given);
  if ("crowd" in given) return (await import("./crowd.ts")).simulateCrowd(clock, given);
  return (await import("./chat.ts")).simulateChat(clock, given);
}
const figures = await simulate();
clock.uninstall();
const seconds = Math.round((performance.now() - started) / 1000);
process.send?.({ ...figures, "run s": seconds });
if (process.send === undefined) console.log({ ...figures, "run s": seconds });
process.exit(0);
