/** One simulated room in a process of its own, so that it begins with nothing remembered. */
import { installClock } from "./clock.ts";
import type { Case } from "./room.ts";

const given: Case = JSON.parse(process.argv[2]!);
// Nobody waits for the figures any more.
process.once("disconnect", () => process.exit(1));
const started = performance.now();
Object.assign(process.env, {
  STAGE: "prod",
  TABLE_NAME: "simulated",
  DEFAULT_PICTURE: "https://assets.ovation.example/default-picture.png",
  POST_RATE: String(given.postRate),
  LARGE_ROOM_VIEWERS: String(given.largeRoomViewers ?? 1000),
  PART_VIEWERS: String(given.partViewers ?? 5000),
  POST_PART_FUNCTION: "ovation-prod-realtime-post-part",
  POSTS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/posts.fifo",
  RESUMES_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/resumes",
  RESUME_FRAMES_PER_SECOND: "200",
  WS_ENDPOINT: "https://simulated.execute-api.us-east-1.amazonaws.com/ws",
});
const clock = installClock(Date.parse("2026-11-20T12:00:00Z"));
// Loaded only now: what keeps a reference to the clock keeps this one.
const { simulate } = await import("./room.ts");
const figures = await simulate(clock, given);
clock.uninstall();
const seconds = Math.round((performance.now() - started) / 1000);
process.send?.({ ...figures, "run s": seconds });
if (process.send === undefined) console.log({ ...figures, "run s": seconds });
process.exit(0);
