import type { Mutant } from "./mutant.ts";

const counterexamples = ["test/platform/push/counterexamples.test.ts"];
const cacheTest = ["test/platform/push/log-cache.test.ts"];
const recoveryTest = ["test/domain/recovery.test.ts"];
const frameTest = ["test/domain/frame.test.ts"];
const expiredTest = ["test/platform/push/expired-frames.test.ts"];
const slicesTest = ["test/platform/push/slices.test.ts"];

const framing: Mutant[] = [
  {
    says: "memory is asked again after it has forgotten, and an event framed twice",
    file: "platform/push/append.ts",
    line: "fresh = fresh.slice(taken);",
    // Limited, since with the test's small memory it would go on forever.
    fault: "fresh = newFrames.length < 20 ? freshIn(log, records) : fresh.slice(taken);",
    tests: counterexamples,
    only: "framed once",
  },
  {
    says: "a frame replaces another one with its number",
    file: "platform/store/log/frames.ts",
    line: "...frame }, isAbsent",
    fault: '...frame }, { ConditionExpression: "attribute_not_exists(nothing)" }',
    tests: counterexamples,
    only: "many environments",
  },
  {
    says: "the log is read back one frame too little",
    file: "platform/push/log-cache.ts",
    line: "frame.newest < oldest && frames.length > 0",
    fault: "frame.newest <= oldest && frames.length > 0",
    tests: counterexamples,
  },
  {
    says: "what is forgotten counts as known",
    file: "platform/push/log-cache.ts",
    line: "cache.completeAfter = Math.max(cache.completeAfter, oldest.newest);",
    fault: "",
    tests: cacheTest,
  },
  {
    says: "memory answers for the very second that it has forgotten",
    file: "platform/push/log-cache.ts",
    line: "return createdAt > cache.completeAfter;",
    fault: "return createdAt >= cache.completeAfter;",
    tests: cacheTest,
  },
  {
    says: "a record that a batch holds twice is framed twice",
    file: "platform/push/log-cache.ts",
    line: "if (cache.covered.has(id) || seen.has(id)) return false;",
    fault: "if (cache.covered.has(id)) return false;",
    tests: cacheTest,
  },
  {
    says: "a log whose frames have expired begins its numbers again",
    file: "domain/log/recovery.ts",
    line: "head: isOlder ? posted : frame.n",
    fault: "head: isOlder ? 0 : frame.n",
    tests: recoveryTest,
  },
  {
    says: "a position whose next frame has expired counts as recovered",
    file: "domain/log/recovery.ts",
    line: 'return isKept ? { from } : "lost";',
    fault: 'return isKept || next === undefined ? { from } : "lost";',
    tests: recoveryTest,
  },
  {
    says: "a position of the numbering before a reset counts as recovered",
    file: "domain/log/recovery.ts",
    line: "since.epoch !== epoch || since.frame > head",
    fault: "since.frame > head",
    tests: recoveryTest,
  },
  {
    says: "totals do not grow from frame to frame",
    file: "domain/log/frame.ts",
    line: "    totals = after;",
    fault: "",
    tests: frameTest,
  },
  {
    says: "a frame is larger than a message may be",
    file: "domain/log/frame.ts",
    line: "if (bytes + (fits ? size : 0) + sumsText(changes).length > room) break;",
    fault: "",
    tests: frameTest,
  },
  {
    says: "time in a log goes back",
    file: "domain/log/frame.ts",
    line: "newest = Math.max(newest, record.createdAt);",
    fault: "newest = record.createdAt;",
    tests: frameTest,
  },
  {
    says: "money is left out like chat when posts are at their rate",
    file: "domain/log/thinning.ts",
    line: 'if (record.lane === "always") room -= bytesOf(record);',
    fault: 'if (record.lane === "never") room -= bytesOf(record);',
    tests: ["test/domain/thinning.test.ts"],
  },
  {
    says: "a deleted text stays in frames that memory does not know",
    file: "platform/store/log/frames.ts",
    line: "(await findCovering(streamId, recordId, writtenAt))",
    fault: "undefined",
    tests: counterexamples,
    only: "F13",
  },
  {
    says: "records that were brought back late are framed a second time",
    file: "platform/push/batch.ts",
    line: "if (createdAt < now.getTime() / 1000 - ageSecondsMax)",
    fault: "if (createdAt < 0)",
    tests: ["test/platform/push/batch.test.ts"],
  },
];

const delivering: Mutant[] = [
  {
    says: "frames that another environment put between a call's own are not read",
    file: "platform/push/deliver.ts",
    line: "frames.push(...(await listFrames(streamId, next, known.n - 1)), known);",
    fault:
      "frames.push(...(next > from ? [] : await listFrames(streamId, next, known.n - 1)), known);",
    tests: ["test/platform/push/two-environments.test.ts", ...counterexamples],
    only: "every frame is posted|F11",
  },
  {
    says: "only a call's own frames are posted",
    file: "platform/push/deliver.ts",
    line: "{ after: log.posted, head, most }",
    fault: "{ after: Math.max(log.posted, (newFrames[0]?.n ?? 1) - 1), head, most }",
    tests: counterexamples,
    only: "F11|what dies between",
  },
  {
    says: "a room whose unposted frames have expired is never posted again",
    file: "platform/push/deliver.ts",
    line: "if (next.length > 0) return sinceLastHole(next);",
    fault: "return sinceLastHole(next);",
    tests: expiredTest,
  },
  {
    says: "a room in parts falls over a frame that the table has removed",
    file: "platform/push/deliver.ts",
    line: "return frames.slice(Math.max(0, at));",
    fault: "return frames;",
    tests: expiredTest,
  },
  {
    says: "an older mark replaces a newer one",
    file: "platform/store/log/logs.ts",
    line: '"posted < :n"',
    fault: '"posted <> :n"',
    tests: counterexamples,
    only: "late to say",
  },
  {
    says: "who is let in again is sent away by the frame of their ban",
    file: "platform/push/slice.ts",
    line: "if (isBlocked(member, now)) ends.set(userId, n);",
    fault: "ends.set(userId, n);",
    tests: slicesTest,
    only: "let in again",
  },
  {
    says: "a blocked user's sockets get the frames after their ban",
    file: "platform/push/slice.ts",
    line: "if (n >= end) break;",
    fault: "",
    tests: counterexamples,
    only: "F9",
  },
  {
    says: "after a post that was lost a connection is sent what lies beyond the hole",
    file: "platform/push/slice.ts",
    line: 'if (result !== "sent") break;',
    fault: "",
    tests: ["test/platform/push/catch-up.test.ts"],
    only: "lost or refused",
  },
  {
    says: "rooms of one stream are posted in parallel",
    file: "platform/push/jobs.ts",
    line: "group: streamId,",
    fault: "group: gathered,",
    tests: ["test/platform/push/backlog.test.ts"],
    only: "one line",
  },
  {
    says: "posts pass the account's rate",
    file: "platform/store/log/post-leases.ts",
    line: "return Math.min(wanted, Math.max(0, slotMax - before));",
    fault: "return wanted;",
    tests: ["test/platform/push/post-leases.test.ts"],
  },
  {
    says: "two connections that hang hold up their small room",
    file: "platform/push/slice.ts",
    line: "const few = Math.max(stragglersMin, Math.floor(open * stragglersShare));",
    fault: "const few = 0;",
    tests: ["test/platform/push/hanging.test.ts"],
  },
];

/** Faults of the log: each event in one frame, each frame to all who watch. */
export const logs: Mutant[] = [...framing, ...delivering];
