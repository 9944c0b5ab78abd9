import { randomUUID } from "node:crypto";
import type { Body } from "./answer.ts";
import { type Attribute, fromAttributes, toAttributes } from "./attribute-value.ts";
import type { DynamoDBClient } from "./client-dynamodb.ts";
import { Command } from "./json-client.ts";

type Members = Record<string, unknown>;

/** One operation on items; the source uses the SDK's types. */
abstract class ItemCommand extends Command<Members> {
  /** The request in the form that is sent. */
  request(): Members {
    return toRequest(this.input);
  }
}

/** Reads one item. */
export class GetCommand extends ItemCommand {
  readonly operation = "GetItem";
}
/** Puts one item, replacing an existing one. */
export class PutCommand extends ItemCommand {
  readonly operation = "PutItem";
}
/** Changes one item. */
export class UpdateCommand extends ItemCommand {
  readonly operation = "UpdateItem";
}
/** Deletes one item. */
export class DeleteCommand extends ItemCommand {
  readonly operation = "DeleteItem";
}
/** Reads a page of one partition. */
export class QueryCommand extends ItemCommand {
  readonly operation = "Query";
}
/** Reads a page of the table. */
export class ScanCommand extends ItemCommand {
  readonly operation = "Scan";
}

/** Reads up to a hundred items. */
export class BatchGetCommand extends ItemCommand {
  readonly operation = "BatchGetItem";

  override request(): Members {
    return {
      ...this.input,
      RequestItems: perTable(this.input.RequestItems, withKeys(toAttributes)),
    };
  }
}

/** Puts and deletes up to 25 items, each independently. */
export class BatchWriteCommand extends ItemCommand {
  readonly operation = "BatchWriteItem";

  override request(): Members {
    return { ...this.input, RequestItems: perTable(this.input.RequestItems, withItems(toRequest)) };
  }
}

/** Writes all of up to a hundred items, or none. */
export class TransactWriteCommand extends ItemCommand {
  readonly operation = "TransactWriteItems";

  /** Adds a token if there is none, so that retries do not count twice. */
  override request(): Members {
    const { TransactItems, ClientRequestToken = randomUUID(), ...input } = this.input;
    const actions = (TransactItems as Record<string, Members>[]).map((action) =>
      mapValues(action, toRequest),
    );
    return { ...input, TransactItems: actions, ClientRequestToken };
  }
}

/** The members of a request, an action or a response that are maps of values. */
const maps = new Set([
  "Item",
  "Key",
  "ExpressionAttributeValues",
  "ExclusiveStartKey",
  "Attributes",
  "LastEvaluatedKey",
]);

/** Input for one item or one range, with its values in DynamoDB's notation. */
function toRequest(input: Members): Members {
  const request: Members = {};
  for (const name in input) {
    const value = input[name];
    const isMap = maps.has(name) && value !== undefined && value !== null;
    request[name] = isMap ? toAttributes(value as Members) : value;
  }
  return request;
}

type Written = Record<string, Attribute>;

/** A response with its values converted to JavaScript. */
function fromAnswer(answer: Body): Body {
  for (const name in answer) {
    const value = answer[name];
    if (maps.has(name)) answer[name] = fromAttributes(value as Written);
    else if (name === "Items") answer[name] = (value as Written[]).map(fromAttributes);
    else if (name === "Responses")
      answer[name] = perTable(value, (items) => (items as Written[]).map(fromAttributes));
    else if (name === "UnprocessedKeys") answer[name] = perTable(value, withKeys(fromAttributes));
    else if (name === "UnprocessedItems") answer[name] = perTable(value, withItems(fromAnswer));
  }
  return answer;
}

const mapValues = <V, W>(members: Record<string, V>, change: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));

const perTable = (tables: unknown, change: (value: unknown) => unknown) =>
  mapValues(tables as Members, change);

/** Converts the keys in a batch request for one table, or those left unprocessed. */
const withKeys =
  <K>(change: (key: K) => unknown) =>
  (request: unknown) => ({
    ...(request as object),
    Keys: (request as { Keys: K[] }).Keys.map(change),
  });

/** Converts the items put into one table and the keys deleted from it. */
const withItems = (change: (write: Members) => unknown) => (writes: unknown) =>
  (writes as Record<string, Members>[]).map((write) => mapValues(write, change));

/** The SDK client's options for values, which must match this client's behaviour. */
type Translation = { marshallOptions?: { removeUndefinedValues?: boolean } };

/**
 * The client that takes plain JavaScript values. In the bundles it and the commands here replace
 * `@aws-sdk/lib-dynamodb` (bin/build/build.ts): those that the table's driver uses, without the
 * SDK's client behind them. A command that is missing here does not bundle.
 */
export class DynamoDBDocumentClient {
  readonly #client: DynamoDBClient;

  private constructor(client: DynamoDBClient) {
    this.#client = client;
  }

  /** Throws without `removeUndefinedValues`, which this client always applies. */
  static from(client: DynamoDBClient, { marshallOptions }: Translation = {}) {
    if (marshallOptions?.removeUndefinedValues !== true)
      throw new Error("This client always removes undefined values: set removeUndefinedValues");
    return new DynamoDBDocumentClient(client);
  }

  /** Rejects as `JsonClient.call` does, and for values that DynamoDB does not support. */
  async send(command: ItemCommand): Promise<Body> {
    const body = JSON.stringify(command.request());
    return fromAnswer(await this.#client.call(command.operation, body));
  }
}
