import type { Mutant } from "./mutant.ts";

const counterexamples = ["test/platform/push/counterexamples.test.ts"];
const catchUpTest = ["test/platform/push/catch-up.test.ts"];
const resumeTest = ["test/platform/push/resume.test.ts"];
const gatewayTest = ["test/platform/push/gateway.test.ts"];
const expiryTest = ["test/platform/realtime/expiry.test.ts"];
const withdrawalTest = ["test/platform/realtime/revoked-sockets.test.ts"];
const noticesTest = ["test/platform/notices.test.ts"];
const followerTest = ["test/client/follower.test.ts"];

const audienceTest = ["test/platform/large-audience.test.ts"];

const largeRooms: Mutant[] = [
  {
    says: "each environment that greets counts a large room",
    file: "platform/push/viewer-count.ts",
    line: "if (!isNew(countedAt, now) && (await claimCount(streamId, countedAt, now)))",
    fault: "if (!isNew(countedAt, now))",
    tests: audienceTest,
  },
  {
    says: "who has counted a large room tells nobody",
    file: "platform/push/viewer-count.ts",
    line: "if (Math.max(count, about ?? 0) > smallRoomViewersMax) await noteViewers(streamId, count, now);",
    fault: "",
    tests: audienceTest,
    only: "first who counts",
  },
  {
    says: "a large room that has shrunk keeps its old count",
    file: "platform/push/viewer-count.ts",
    line: "Math.max(count, about ?? 0) > smallRoomViewersMax",
    fault: "count > smallRoomViewersMax",
    tests: audienceTest,
    only: "small by now",
  },
  {
    says: "a long list is read again for each who asks",
    file: "platform/runtime/cached.ts",
    line: "if (before !== undefined && now.getTime() - before.at < longMilliseconds) return before.list;",
    fault: "",
    tests: audienceTest,
  },
];

const comingBack: Mutant[] = [
  {
    says: "a greeting does not check the ban again",
    file: "platform/push/greet.ts",
    line: "else if (isBlocked(member, audience.now)) await",
    fault: "else if (member === null) await",
    tests: resumeTest,
  },
  {
    says: "a frame written during a greeting is sent to nobody",
    file: "platform/push/greet.ts",
    line: "subscriber.next !== undefined || end.head >= subscriber.from!",
    fault: "subscriber.next !== undefined",
    tests: counterexamples,
  },
  {
    says: "a greeting that comes again has another head",
    file: "platform/store/log/catch-up.ts",
    line: '"attribute_not_exists(#from)"',
    fault: '"revision = :revision"',
    tests: counterexamples,
    only: "F4",
  },
  {
    says: "a subscription is greeted again when its first live frame is set",
    file: "platform/push/batch.ts",
    line: "if (old?.revision !== image.revision)",
    fault: "if (image.revision !== undefined)",
    tests: ["test/platform/push/batch.test.ts"],
    only: "a subscription that",
  },
  {
    says: "a connection that is still opening is never sent `subscribed`",
    file: "platform/push/greet.ts",
    line: "await handOver(audience.outlet, subscriber, request);",
    fault: "return;",
    tests: catchUpTest,
    only: "still opening",
  },
  {
    says: "a late greeting puts a live connection behind again",
    file: "platform/store/log/catch-up.ts",
    line: '"attribute_not_exists(#next)"',
    fault: '"revision = :revision"',
    tests: catchUpTest,
    only: "a greeting that is late",
  },
  {
    says: "a frame that was put as a connection went live is lost if the turn died",
    file: "platform/push/resume.ts",
    line: "if (found.behind !== true) return sendRest(audience, found, limits().pageFrames);",
    fault: "if (found.behind !== true) return;",
    tests: catchUpTest,
    only: "a turn that dies",
  },
  {
    says: "who is blocked while they catch up is sent all the rest",
    file: "platform/push/resume.ts",
    line: "if (isBlocked(member, now)) {",
    fault: "if (member === null) {",
    tests: catchUpTest,
    only: "blocked while they catch up",
  },
  {
    says: "a connection that does not take a frame is sent the next one",
    file: "platform/push/resume.ts",
    line: 'if (result === "sent") continue;',
    fault: 'if (result !== "gone") continue;',
    tests: catchUpTest,
    only: "a turn is bounded",
  },
  {
    says: "a connection that did not take a frame is never posted to again",
    file: "platform/push/resume.ts",
    line: "await leave(subscriber, frame.n, result);",
    fault: "",
    tests: catchUpTest,
    only: "a turn is bounded",
  },
  {
    says: "a user's connections are sent more than their budget",
    file: "platform/store/log/resume-budget.ts",
    line: "?.taken ?? wanted) - wanted;",
    fault: "?.nothing ?? wanted) - wanted;",
    tests: catchUpTest,
    only: "exactly the budget",
  },
  {
    says: "who has used up the budget is not sent the rest",
    file: "platform/push/resume.ts",
    line: "return outlet.jobs.queueResuming({ streamId, connectionId, revision }, budgetSeconds);",
    fault: "return;",
    tests: catchUpTest,
    only: "share what they are sent",
  },
  {
    says: "a frame written just after a viewer went live is sent to them twice",
    file: "platform/push/resume.ts",
    line: "(await viewersOf(audience)) <= limits().exactViewers",
    fault: "(await viewersOf(audience)) < 0",
    tests: catchUpTest,
    only: "comes to them once",
  },
  {
    says: "live frames are posted before missed ones",
    file: "domain/log/subscriber.ts",
    line: "behind === true ? undefined : (next ?? from);",
    fault: "behind === null ? undefined : from;",
    tests: catchUpTest,
    only: "what is live waits",
  },
  {
    says: "a message of an earlier subscription is done again",
    file: "platform/push/resume.ts",
    line: "if (found?.revision !== revision) return;",
    fault: "if (found === undefined) return;",
    tests: catchUpTest,
    only: "a later subscription",
  },
  {
    says: "a range of which frames may be missing is said to be whole",
    file: "domain/log/frame.ts",
    line: "frame.expiresAt - (frameKeptSeconds - frameAnsweredSeconds)",
    fault: "frame.expiresAt",
    tests: resumeTest,
  },
];

const sockets: Mutant[] = [
  {
    says: "posts after a pause go by sockets that are dead",
    file: "platform/push/gateway-client.ts",
    line: "const idleMillisecondsMax = 4_000;",
    fault: "const idleMillisecondsMax = 4_000_000;",
    tests: gatewayTest,
    only: "after a pause",
  },
  {
    says: "a post whose socket was reset is lost",
    file: "platform/push/gateway-client.ts",
    line: 'if (first !== "broken") return first;',
    fault: 'return first === "broken" ? undefined : first;',
    tests: gatewayTest,
    only: "is reset before any answer",
  },
  {
    says: "a post that nothing answers is waited for twice",
    file: "platform/push/gateway-client.ts",
    line: "/_TIMEOUT$/",
    fault: "/_NEVER$/",
    tests: gatewayTest,
    only: "not answered within",
  },
  {
    says: "a connection that could not be closed is forgotten",
    file: "platform/realtime/closing.ts",
    line: "if (Date.now() - began > triesMillisecondsMax)",
    fault: "if (Date.now() - began > triesMillisecondsMax) return;\n    if (began < 0)",
    tests: expiryTest,
  },
  {
    says: "a connection that is still opening outlives its token",
    file: "platform/realtime/closing.ts",
    line: 'result === "gone" && !(await mayBeOpening())',
    fault: 'result === "gone"',
    tests: expiryTest,
  },
  {
    says: "a key that is revoked while its socket opens lets it in all the same",
    file: "platform/realtime/admission.ts",
    line: "if (isGood && (await hasRoom()))",
    fault: "if (await hasRoom())",
    tests: withdrawalTest,
  },
  {
    says: "an overlay counts as a viewer",
    file: "domain/log/subscriber.ts",
    line: "if (refusal === undefined && !isOverlay(userId))",
    fault: "if (refusal === undefined)",
    tests: ["test/api/overlays.test.ts"],
  },
  {
    says: "an end that failed does not come again",
    file: "platform/lambda/consumer.ts",
    line: "return [...failures.values()].flat();",
    fault: "return [];",
    tests: expiryTest,
  },
];

const notices: Mutant[] = [
  {
    says: "a notice that moves is requested twice",
    file: "functions/streams/notices/remind-viewers.ts",
    line: "const lateMilliseconds = 120_000;",
    fault: "const lateMilliseconds = 0;",
    tests: noticesTest,
  },
  {
    says: "a message that comes again tells everybody again",
    file: "platform/store/people/notices.ts",
    line: "(step = :step OR",
    fault: "(step >= :zero OR step = :step OR",
    tests: noticesTest,
  },
  {
    says: "followers are notified each time their host starts again",
    file: "platform/store/people/notices.ts",
    line: "const restMilliseconds = 3_600_000;",
    fault: "const restMilliseconds = 1;",
    tests: noticesTest,
  },
  {
    says: "one user's reminders keep all others waiting",
    file: "functions/streams/notices/remind-viewers.ts",
    line: "ofOneMax: 20",
    fault: "ofOneMax: 1_000",
    tests: noticesTest,
  },
];

const client: Mutant[] = [
  {
    says: "a duplicate notification is delivered twice",
    file: "client/session.ts",
    line: "if (told.has(notification.id)) return [];",
    fault: "",
    tests: ["test/client/subscriptions.test.ts"],
    only: "delivered once",
  },
  {
    says: "a head that is still missing after one frame is forgotten",
    file: "client/follower.ts",
    line: "state.missingSince = state.newest > frame.frame ? now : undefined;",
    fault: "state.missingSince = undefined;",
    tests: followerTest,
  },
  {
    says: "any answer counts for a subscribe",
    file: "client/follower.ts",
    line: "state.asked === undefined || message.requestId !== state.asked.requestId",
    fault: "state.asked === undefined",
    tests: followerTest,
  },
  {
    says: "a frame that was shown is shown again",
    file: "client/follower.ts",
    line: "if (frame.frame <= position.frame) return [];",
    fault: "",
    tests: followerTest,
  },
  {
    says: "a socket that falls silent is kept",
    file: "client/session.ts",
    line: "const pongMilliseconds = 10_000;",
    fault: "const pongMilliseconds = 10_000_000;",
    tests: ["test/client/dead-sockets.test.ts"],
  },
];

/** Faults of delivery to viewers: resumes, dead sockets, notifications. */
export const viewers: Mutant[] = [...comingBack, ...largeRooms, ...sockets, ...notices, ...client];
