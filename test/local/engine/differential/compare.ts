import { isDeepStrictEqual } from "node:util";
import type { Body, Operation } from "./operations.ts";
import { creationOf, type Schema } from "./tables.ts";

/** One of the two engines that are compared. */
export type Engine = {
  call(name: string, body: Body): Promise<Answer> | Answer;
};

type Answer = { status: number; body: Body };

/** An engine's response to one operation, without parts that vary from run to run. */
export type Observation = Body;

/** Placeholder of the table's name in generated requests. */
export const tableName = "table-under-test";

/** More pages than any read here has: an engine that continues is in a loop. */
export const pagesMax = 50;

/** An engine with a new table for one sequence. */
export async function openTable(engine: Engine, name: string, table: Schema) {
  const call = async (operation: string, body: Body): Promise<Answer> => {
    const asked = JSON.stringify(body).replaceAll(tableName, name);
    const answer = await engine.call(operation, JSON.parse(asked));
    return JSON.parse(JSON.stringify(answer).replaceAll(name, tableName)) as Answer;
  };
  const made = await call("CreateTable", creationOf(tableName, table));
  if (made.status !== 200) throw new Error(`CreateTable: ${JSON.stringify(made.body)}`);
  return {
    observe: ({ name: operation, body }: Operation): Promise<Observation> =>
      operation === "Query" || operation === "Scan"
        ? observePages(call, operation, body, table)
        : call(operation, body).then(observeAnswer),
    readStream: () => readStream(call),
    close: () => call("DeleteTable", { TableName: tableName }),
  };
}

type Call = (operation: string, body: Body) => Promise<Answer>;

function observeAnswer({ status, body }: Answer): Observation {
  if (status !== 200) return observeRefusal(body);
  const { Responses, ConsumedCapacity, ...rest } = body;
  // The order of a batch's items, and of the tables in a cost, is undefined.
  const responses =
    Responses && !Array.isArray(Responses)
      ? Object.fromEntries(Object.entries(Responses).map(([name, items]) => [name, sort(items)]))
      : Responses;
  const costs = ConsumedCapacity as Body | Body[] | undefined;
  return normalize({
    ...rest,
    ...(responses !== undefined && { Responses: responses }),
    ...(costs !== undefined && { ConsumedCapacity: [costs].flat().map(dropNothing) }),
  }) as Body;
}

function observeRefusal(body: Body): Observation {
  const { __type: type, message, Message, CancellationReasons: reasons, ...members } = body;
  const refusal = String(type).replace(/^.*#/, "");
  if (reasons === undefined) {
    return normalize({ refusal, sentence: message ?? Message, ...members }) as Body;
  }
  const sentence = (reasons as Body[]).map(({ Message: reason = "" }) => reason).join("\n");
  const codes = (reasons as Body[]).map(({ Message: _, ...rest }) => rest);
  return normalize({ refusal, sentence, codes, ...members }) as Body;
}

/** Whether the responses are equal; messages may differ, since callers must not depend on them. */
export function isSame(ours: Observation, theirs: Observation): boolean {
  return isDeepStrictEqual({ ...ours, sentence: "" }, { ...theirs, sentence: "" });
}

/** All pages of a read as one; the order of equal sort keys, and of a Scan, is undefined. */
async function observePages(call: Call, operation: string, body: Body, table: Schema) {
  const pages: Body[] = [];
  let next: unknown;
  do {
    const asked = next === undefined ? body : { ...body, ExclusiveStartKey: next };
    const { status, body: page } = await call(operation, asked);
    if (status !== 200) return { ...observeRefusal(page), at: pages.length };
    pages.push(page);
    next = page.LastEvaluatedKey;
  } while (next !== undefined && pages.length < pagesMax);
  const items = pages.flatMap(({ Items }) => (Items ?? []) as Body[]);
  const sum = (member: string) => pages.reduce((total, page) => total + Number(page[member]), 0);
  const index = table.indexes.find(({ name }) => name === body.IndexName);
  const hasOrder = operation === "Query" && index?.keys[1] && !body.ProjectionExpression;
  const isOrdered = operation === "Query" && body.IndexName === undefined && table.range;
  return {
    pages: pages.length,
    count: sum("Count"),
    scanned: sum("ScannedCount"),
    items: isOrdered ? normalize(items) : sort(items),
    ...(hasOrder && { order: items.map(({ r }) => r) }),
    // The distribution of units over a Scan's pages depends on the order of its items.
    costs: operation === "Query" || pages.length === 1 ? pages.map(costOf) : [],
  };
}

const costOf = ({ ConsumedCapacity: cost }: Body) => (cost ? dropNothing(cost as Body) : null);

/** A cost without zero parts. */
function dropNothing(cost: Body): Body {
  return Object.fromEntries(
    Object.entries(cost).filter(
      ([, part]) =>
        !(typeof part === "object" && part !== null) ||
        Object.values(part).some((one) => one !== 0 && !isDeepStrictEqual(one, {})),
    ),
  );
}

/** Sorted independently of the engine. */
function sort(items: unknown): unknown[] {
  return (items as unknown[])
    .map((item) => JSON.stringify(normalize(item)))
    .sort()
    .map((text) => JSON.parse(text));
}

const setTypes = new Set(["SS", "NS", "BS"]);

/** The same value with sorted members and sets. */
function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, member]) => [
      name,
      setTypes.has(name) && Array.isArray(member) ? [...member].sort() : normalize(member),
    ]),
  );
}

type Change = { event: string; images: Body };

async function readStream(call: Call): Promise<Change[]> {
  const must = async (operation: string, body: Body): Promise<Body> => {
    const answer = await call(operation, body);
    if (answer.status !== 200) throw new Error(`${operation}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const { Streams } = await must("ListStreams", { TableName: tableName });
  const { StreamArn } = (Streams as Body[])[0]!;
  const { StreamDescription } = await must("DescribeStream", { StreamArn });
  const [shard] = (StreamDescription as { Shards: Body[] }).Shards;
  const from = { StreamArn, ShardId: shard!.ShardId, ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator } = await must("GetShardIterator", from);
  const changes: Change[] = [];
  for (;;) {
    const page = await must("GetRecords", { ShardIterator });
    const records = page.Records as { eventName: string; dynamodb: Body }[];
    if (records.length === 0) return changes;
    for (const { eventName, dynamodb } of records) {
      const { Keys, OldImage, NewImage, StreamViewType } = dynamodb;
      const images = { Keys, OldImage, NewImage, StreamViewType };
      changes.push({ event: eventName, images: normalize(images) as Body });
    }
    ShardIterator = page.NextShardIterator;
  }
}

/**
 * Differences between our stream records and the other engine's. Ours must be contained in theirs
 * in order; their additional records may only be writes without a change, which the service does
 * not record.
 */
export function compareStreams(ours: Change[], theirs: Change[]): string | undefined {
  let at = 0;
  for (const change of theirs) {
    if (isDeepStrictEqual(ours[at], change)) {
      at++;
      continue;
    }
    const { OldImage, NewImage } = change.images;
    const isEqual = OldImage === undefined || isDeepStrictEqual(OldImage, NewImage);
    if (change.event !== "MODIFY" || (NewImage !== undefined && !isEqual)) {
      return `record ${at}: ours ${JSON.stringify(ours[at])}, theirs ${JSON.stringify(change)}`;
    }
  }
  return at === ours.length ? undefined : `theirs lack ${JSON.stringify(ours[at])}`;
}
