import type { Mutant } from "./mutant.ts";

const transactTest = ["test/platform/transact.test.ts"];
const mixedTest = ["test/platform/mixed.test.ts"];
const lostTest = ["test/platform/lost-answers.test.ts"];
const replayTest = ["test/platform/replay.test.ts"];
const giftsTest = ["test/platform/gifts.test.ts"];
const layoutTest = ["test/platform/layout.test.ts"];
const chatTest = ["test/platform/chat.test.ts"];
const historyTest = ["test/platform/history.test.ts"];
const pinsTest = ["test/platform/pins.test.ts"];

const transactions: Mutant[] = [
  {
    says: "conditions count while other items were not judged",
    file: "platform/table/transact.ts",
    line: 'failed.size > 0 && (failed.has("marker") || isJudged(error))',
    fault: "failed.size > 0",
    tests: mixedTest,
  },
  {
    says: "an item in another transaction counts as judged",
    file: "platform/table/transact.ts",
    line: 'Code === "None" || Code === "ConditionalCheckFailed"',
    fault: 'Code !== "ThrottlingError"',
    tests: transactTest,
  },
  {
    says: "an existing marker waits for other conflicts",
    file: "platform/table/transact.ts",
    line: '(failed.has("marker") || isJudged(error))',
    fault: "isJudged(error)",
    tests: transactTest,
  },
  {
    says: "a lost answer is asked for with another token",
    file: "platform/table/transact.ts",
    line: "} else if (!isIndefinite(error)) throw error;",
    fault: "} else { token = randomUUID(); if (!isIndefinite(error)) throw error; }",
    tests: transactTest,
  },
  {
    says: "conflicts without end are a fault of the inside",
    file: "platform/table/transact.ts",
    line: 'if (attempt >= triesMax) refuse("unavailable");',
    fault: "if (attempt >= triesMax) throw error;",
    tests: transactTest,
  },
  {
    says: "another call with the key is tried until it is over",
    file: "platform/table/transact.ts",
    line: 'if (failed.size === 0 && isOfOneKey(error, labels)) refuse("key_in_progress");',
    fault: "",
    tests: transactTest,
  },
];

const singleWrites: Mutant[] = [
  {
    says: "a write whose answer was lost is reported as refused",
    file: "platform/table/record.ts",
    line: "there?.writeId === id",
    fault: "there?.writeId === undefined",
    tests: lostTest,
  },
  {
    says: "an item does not keep the id of the write that made it",
    file: "platform/table/record.ts",
    line: "{ ...write.Put.Item, writeId: id }",
    fault: "{ ...write.Put.Item }",
    tests: lostTest,
  },
  {
    says: "a sum whose answer was lost is added twice",
    file: "platform/table/record.ts",
    line: "OR #writeId <> :writeId",
    fault: "OR attribute_exists(#writeId) OR #writeId <> :writeId",
    tests: lostTest,
  },
  {
    says: "what is recorded by itself does not know its repetition",
    file: "platform/table/record.ts",
    line: "Put?.ConditionExpression !== undefined || Update?.ConditionExpression !== undefined",
    fault: "Put === null",
    tests: lostTest,
  },
];

const keys: Mutant[] = [
  {
    says: "a key is remembered for one hour",
    file: "platform/table/idempotency.ts",
    line: "const markerLifeSeconds = 25 * 3600;",
    fault: "const markerLifeSeconds = 3600;",
    tests: replayTest,
  },
  {
    says: "a marker that has expired answers",
    file: "platform/table/idempotency.ts",
    line: "if (marker.expiresAt <= now.getTime() / 1000) return undefined;",
    fault: "",
    tests: replayTest,
  },
  {
    says: "a marker that has expired holds up its key until it is tidied away",
    file: "platform/table/idempotency.ts",
    line: "attribute_not_exists(PK) OR expiresAt <= :now",
    fault: "attribute_not_exists(PK) OR (expiresAt <= :now AND expiresAt > :now)",
    tests: giftsTest,
    only: "has expired",
  },
  {
    says: "a key answers another request",
    file: "platform/table/idempotency.ts",
    line: "isSameRequest: fingerprint === call.fingerprint,",
    fault: "isSameRequest: true,",
    tests: replayTest,
  },
  {
    says: "the same key makes two gifts",
    file: "platform/table/idempotency.ts",
    line: "attribute_not_exists(PK) OR expiresAt <= :now",
    fault: "attribute_not_exists(PK) OR expiresAt > :now",
    tests: giftsTest,
    only: "one key makes one gift",
  },
];

const layout: Mutant[] = [
  {
    says: "a function serves a table in a form that it does not read",
    file: "platform/table/layout.ts",
    line: "  return problemOf(what, found);",
    fault: "  return undefined;",
    tests: layoutTest,
  },
  {
    says: "a function serves another stage's table",
    file: "platform/table/layout.ts",
    line: "if (found.stage !== stage) return",
    fault: "if (found.stage === undefined) return",
    tests: layoutTest,
  },
  {
    says: "a stage takes the table of another stage",
    file: "platform/table/ownership.ts",
    line: "  assertStage(place, found, stage);",
    fault: "",
    tests: layoutTest,
  },
  {
    says: "a version writes what those that run meanwhile cannot read",
    file: "platform/table/ownership.ts",
    line: "found.readable < forms.writes",
    fault: "found.readable < 0",
    tests: layoutTest,
  },
  {
    says: "a function serves a table whose label could not be read",
    file: "platform/table/layout.ts",
    line: "      throw error;",
    fault: "",
    tests: layoutTest,
  },
  {
    says: "a question about the label that failed is not asked again",
    file: "platform/table/layout.ts",
    line: "      checked = undefined;",
    fault: "",
    tests: layoutTest,
  },
  {
    says: "data in another form is taken for an empty table",
    file: "platform/table/ownership.ts",
    line: "problem !== undefined && !(await isEmpty(place))",
    fault: "problem === null",
    tests: layoutTest,
  },
  {
    says: "wallets lie in the partition that every function of users writes",
    file: "platform/table/keys.ts",
    line: "const wallet = (userId: string) => `WALLET#",
    fault: "const wallet = (userId: string) => `USER#",
    tests: ["test/platform/audit.test.ts"],
    only: "a sound table",
  },
];

const chat: Mutant[] = [
  {
    says: "one message more than the rate goes in a second",
    file: "platform/store/streams/senders.ts",
    line: "#second = :second AND sent < :max",
    fault: "#second = :second AND sent <= :max",
    tests: chatTest,
  },
  {
    says: "a call that slow mode refuses late stands as the sender's last message",
    file: "platform/store/streams/admission.ts",
    line: "if (before !== undefined) await restoreLast(streamId, before, now);",
    fault: "",
    tests: ["test/platform/chat-calls.test.ts"],
    only: "slow mode",
  },
  {
    says: "in slow mode a repetition of any call is let through",
    file: "domain/streams/admission.ts",
    line: "lastCall === callId",
    fault: "lastCall !== callId",
    tests: chatTest,
  },
  {
    says: "what is gone is counted in a page it does not lie in",
    file: "domain/streams/message-gaps.ts",
    line: "part: part % width",
    fault: "part: (part + 1) % width",
    tests: ["test/domain/message-gaps.test.ts"],
  },
  {
    says: "a page counts what is gone as shown",
    file: "domain/streams/message-gaps.ts",
    line: "const shown = high - low + 1 - (gone.get(part) ?? 0);",
    fault: "const shown = high - low + 1;",
    tests: ["test/domain/message-gaps.test.ts"],
  },
  {
    says: "deleted messages are not counted",
    file: "platform/store/streams/message-gaps.ts",
    line: 'UpdateExpression: "ADD #part :one"',
    fault: 'UpdateExpression: "SET #part = :one"',
    tests: historyTest,
  },
  {
    says: "a message that was deleted since can be pinned",
    file: "platform/store/streams/pins.ts",
    line: "id = :id AND attribute_not_exists(deletedAt)",
    fault: "id = :id",
    tests: pinsTest,
  },
];

const keyedTest = ["test/platform/keyed-messages.test.ts"];

const keyedMessages: Mutant[] = [
  {
    says: "the key of a message is not marked before it is written",
    file: "platform/store/streams/sent-messages.ts",
    line: "if (reply.remember.length > 0) await commitTransaction([], reply);",
    fault: "",
    tests: keyedTest,
  },
  {
    says: "a message under way is given up at once",
    file: "platform/store/streams/sent-messages.ts",
    line: 'if (!isSettled(kept, now)) return "pending";',
    fault: "",
    tests: keyedTest,
  },
  {
    says: "a message that was given up may still come",
    file: "platform/store/streams/sent-messages.ts",
    line: 'return (await recordGap(streamId, n)) ? "void" : sentMemory.recall(kept, now);',
    fault: 'return "void";',
    tests: keyedTest,
  },
  {
    says: "a call is refused because its repetition wrote its message",
    file: "platform/store/streams/sent-messages.ts",
    line: 'return failed === undefined || failed.get("message")?.id === message.id;',
    fault: "return failed === undefined;",
    tests: historyTest,
  },
  {
    says: "who is banned meanwhile still says what a dead call left",
    file: "platform/http/replay.ts",
    line: "const finished = mayFinish && (await",
    fault: "const finished = (await",
    tests: keyedTest,
  },
  {
    says: "a key whose message never came is held for a day",
    file: "platform/http/replay.ts",
    line: "await forgetMarked(keyed, marked);",
    fault: "",
    tests: keyedTest,
  },
  {
    says: "a key is freed though another request has used it since",
    file: "platform/table/idempotency.ts",
    line: 'ConditionExpression: "answer = :answer",',
    fault: 'ConditionExpression: "attribute_exists(PK) OR answer = :answer",',
    tests: replayTest,
  },
];

/** Faults of how things are written: once, all or nothing, where they belong. */
export const writes: Mutant[] = [
  ...transactions,
  ...singleWrites,
  ...keys,
  ...layout,
  ...chat,
  ...keyedMessages,
];
