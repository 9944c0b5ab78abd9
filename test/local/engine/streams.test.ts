import { openTestEngine } from "./engine.ts";

type Record_ = { eventName: string; dynamodb: Record<string, unknown>; userIdentity?: unknown };
const hour = 3_600_000;

function open() {
  const engine = openTestEngine();
  const [stream] = engine.must("ListStreams", { TableName: "things" }).Streams as {
    StreamArn: string;
  }[];
  const StreamArn = stream!.StreamArn;
  const described = engine.must("DescribeStream", { StreamArn }).StreamDescription;
  const [shard] = (described as { Shards: { ShardId: string }[] }).Shards;
  const from = (type: string, SequenceNumber?: unknown) => ({
    StreamArn,
    ShardId: shard!.ShardId,
    ShardIteratorType: type,
    ...(SequenceNumber !== undefined && { SequenceNumber }),
  });
  const read = (type = "TRIM_HORIZON", sequence?: unknown, Limit = 1000) => {
    const { ShardIterator } = engine.must("GetShardIterator", from(type, sequence));
    return engine.must("GetRecords", { ShardIterator, Limit }).Records as Record_[];
  };
  return { ...engine, read, from };
}

test("each change has both images, a write without a change leaves no record", () => {
  const { put, must, read } = open();
  put("a", "1", { n: { N: "1" } });
  put("a", "1", { n: { N: "1.0" } });
  put("a", "1", { n: { N: "2" } });
  const Key = { pk: { S: "a" }, sk: { S: "1" } };
  must("DeleteItem", { TableName: "things", Key });
  must("DeleteItem", { TableName: "things", Key });
  const told = read().map(({ eventName, dynamodb: { OldImage, NewImage, Keys } }) => {
    const n = (image: unknown) => (image as { n: { N: string } } | undefined)?.n.N;
    expect(Keys).toEqual(Key);
    return [eventName, n(OldImage), n(NewImage)];
  });
  expect(told).toEqual([
    ["INSERT", undefined, "1"],
    ["MODIFY", "1", "2"],
    ["REMOVE", "2", undefined],
  ]);
});

test("readers at any position get all records after it, whatever was read before", () => {
  const { put, read } = open();
  let count = 0;
  const putMore = (more: number) => {
    for (let n = 0; n < more; n++) put("a", String(count++));
  };
  putMore(120);
  const first = Number(read("TRIM_HORIZON", undefined, 1)[0]!.dynamodb.SequenceNumber);
  for (const [at, limit, more] of [
    ...[
      [10, 5, 0],
      [100, 3, 0],
      [12, 1000, 3],
      [101, 1, 0],
      [101, 1000, 5],
      [126, 1000, 0],
    ],
    ...[
      [127, 1000, 1],
      [0, 1000, 2],
      [128, 1, 130],
      [128, 20, 0],
      [255, 1000, 0],
      [90, 1000, 0],
    ],
  ] as [number, number, number][]) {
    putMore(more);
    const after = String(first + at).padStart(21, "0");
    const got = read("AFTER_SEQUENCE_NUMBER", after, limit).map(({ dynamodb }) => [
      Number(dynamodb.SequenceNumber) - first,
      (dynamodb.NewImage as { sk: { S: string } }).sk.S,
    ]);
    const wanted = Array.from({ length: Math.min(limit, count - at - 1) }, (_, n) => at + 1 + n);
    expect(got).toEqual(wanted.map((n) => [n, String(n)]));
  }
});

test("images never change, whatever happens to the item and to older records", () => {
  const { put, must, read, clock, runMaintenance } = open();
  const Key = { pk: { S: "a" }, sk: { S: "1" } };
  const versions = ["1", "2", "3"];
  for (const N of versions) {
    put("a", "1", { n: { N } });
    // No other item and no write without a change separates two versions.
    put("b", "1", { n: { N } });
    put("a", "1", { n: { N: `${N}.0` } });
    clock.now += 10 * hour;
  }
  const images = () =>
    read()
      .filter(({ dynamodb }) => (dynamodb.Keys as typeof Key).pk.S === "a")
      .map(({ dynamodb: { OldImage, NewImage } }) =>
        [OldImage, NewImage].map((image) => (image as { n: { N: string } } | undefined)?.n.N),
      );
  const changes = [
    [undefined, "1"],
    ["1", "2"],
    ["2", "3"],
  ];
  expect(images()).toEqual(changes);
  must("DeleteItem", { TableName: "things", Key });
  put("a", "1", { n: { N: "4" } });
  const all = [...changes, ["3", undefined], [undefined, "4"]];
  expect(images()).toEqual(all);
  // The first of them are 30 hours old by now.
  runMaintenance();
  expect(images()).toEqual(all.slice(1));
  put("a", "1", { n: { N: "5" } });
  expect(images()).toEqual([...all.slice(1), ["4", "5"]]);
});

test("a reader continues after any record", () => {
  const { put, read } = open();
  for (const sk of ["1", "2", "3"]) put("a", sk);
  const [first] = read();
  const number = first!.dynamodb.SequenceNumber;
  expect(read("AFTER_SEQUENCE_NUMBER", number)).toHaveLength(2);
  expect(read("TRIM_HORIZON", undefined, 2)).toHaveLength(2);
});

test("a refused transaction leaves no record", () => {
  const { ask, read } = open();
  const put = (sk: string, more = {}) => ({
    Put: { TableName: "things", Item: { pk: { S: "a" }, sk: { S: sk } }, ...more },
  });
  const refused = put("2", { ConditionExpression: "attribute_exists(pk)" });
  expect(ask("TransactWriteItems", { TransactItems: [put("1"), refused] }).status).toBe(400);
  expect(read()).toEqual([]);
});

test("an expired item is deleted by the service, with a record that says so", () => {
  const { put, must, get, read, clock, runMaintenance } = open();
  const AttributeName = "until";
  const seconds = Math.floor(clock.now / 1000);
  put("a", "before", { until: { N: `${seconds + 5}` } });
  const TimeToLiveSpecification = { AttributeName, Enabled: true };
  must("UpdateTimeToLive", { TableName: "things", TimeToLiveSpecification });
  put("a", "after", { until: { N: `${seconds + 5}` }, owner: { S: "o" }, rank: { N: "1" } });
  put("a", "text", { until: { S: `${seconds}` } });
  put("a", "ancient", { until: { N: "5" } });
  put("a", "later", { until: { N: `${seconds + 60}` } });
  expect(runMaintenance()).toBe(false);
  expect(get("a", "before")).toBeDefined();
  clock.now += 7_000;
  runMaintenance();
  const left = must("Scan", { TableName: "things" }).Items as { sk: { S: string } }[];
  expect(left.map(({ sk }) => sk.S)).toEqual(["ancient", "later", "text"]);
  expect(must("Scan", { TableName: "things", IndexName: "by-owner" }).Count).toBe(0);
  const removed = read().filter(({ eventName }) => eventName === "REMOVE");
  expect(removed.map(({ userIdentity }) => userIdentity)).toEqual(
    Array(2).fill({ Type: "Service", PrincipalId: "dynamodb.amazonaws.com" }),
  );
});

test("thousands of items that expire at once are deleted in steps", () => {
  const { put, must, clock, runMaintenance } = open();
  const TimeToLiveSpecification = { AttributeName: "until", Enabled: true };
  must("UpdateTimeToLive", { TableName: "things", TimeToLiveSpecification });
  const until = { N: String(Math.floor(clock.now / 1000)) };
  for (let n = 0; n < 450; n++) put("a", String(n), { until });
  clock.now += 5_000;
  expect([runMaintenance(), runMaintenance(), runMaintenance()]).toEqual([true, true, false]);
  expect(must("Scan", { TableName: "things" }).Count).toBe(0);
});

test("records are kept for a day, and longer for a reader that has not read them", () => {
  const { put, read, clock, runMaintenance, refusal, from } = open();
  for (const sk of ["1", "2", "3"]) put("a", sk);
  clock.now += 23 * hour;
  put("a", "4");
  const numbers = read().map(({ dynamodb }) => dynamodb.SequenceNumber);
  runMaintenance();
  expect(read()).toHaveLength(4);
  clock.now += 2 * hour;
  runMaintenance(() => Number(numbers[1]));
  expect(read().map(({ dynamodb }) => dynamodb.SequenceNumber)).toEqual(numbers.slice(2));
  expect(refusal("GetShardIterator", from("AFTER_SEQUENCE_NUMBER", numbers[0]))[0]).toBe(
    "TrimmedDataAccessException",
  );
  runMaintenance();
  expect(read()).toHaveLength(1);
  clock.now += 24 * hour;
  runMaintenance();
  // The next number is new, although no record is left.
  put("a", "5");
  expect(Number(read()[0]!.dynamodb.SequenceNumber)).toBeGreaterThan(Number(numbers[3]));
});

test("records keep their order in time if the machine's clock is set back", () => {
  const { put, read, clock } = open();
  const seconds = Math.floor(clock.now / 1000);
  put("a", "1");
  clock.now -= 24 * hour;
  put("a", "2");
  clock.now += 25 * hour;
  put("a", "3");
  const times = read().map(({ dynamodb }) => Number(dynamodb.ApproximateCreationDateTime));
  expect(times.map((time) => time - seconds)).toEqual([0, 0, 3600]);
});
