import {
  type AttributeValue,
  type ConditionalCheckFailedException,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, type UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type * as z from "zod";
import { openClient } from "../aws/aws-client.ts";
import { setting } from "../runtime/env.ts";
import { atInit } from "../runtime/init.ts";
import { lazy } from "../runtime/lazy.ts";
import { retryConflicts } from "./conflicts.ts";
import { correlate } from "./correlate.ts";
import type { Key } from "./keys.ts";
import { onLayout } from "./layout.ts";

let other: DynamoDBDocumentClient | undefined;

const own = lazy(() =>
  onLayout(
    correlate(
      retryConflicts(
        DynamoDBDocumentClient.from(openClient(DynamoDBClient), {
          marshallOptions: { removeUndefinedValues: true },
        }),
      ),
    ),
    tableName,
  ),
);

/** The table's client; it serves the layout of this version alone. */
export const table = atInit(
  (): DynamoDBDocumentClient => other ?? own(),
  ["read", "write", "dueIndex", "dueScan"],
  () => own().assertLayout(),
);

/**
 * Puts a client of the caller's own in its place: for programs outside Lambda (demo data, audit).
 */
export function useTable(client: DynamoDBDocumentClient): void {
  other = client;
}

export const tableName = () => setting("TABLE_NAME");

/** An item as it lies in the table. */
export type Item = Key & Record<string, unknown>;

/** What must hold of the item that is there for a write to be done. */
export type Condition = {
  ConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
};

/** That no item is there. */
export const isAbsent: Condition = { ConditionExpression: "attribute_not_exists(PK)" };

/** A change of one item. */
export type Change = Omit<UpdateCommandInput, "TableName" | "Key"> & { Key: Key };

/** Whether a write was not done because its condition did not hold. */
export const isRefused = (error: unknown): error is ConditionalCheckFailedException =>
  (error as Error).name === "ConditionalCheckFailedException";

/**
 * Reads what is in an item. Whatever is in the table was written by us, so a misfit is a fault and
 * not the caller's: it ends as a 500 that names the item.
 */
export function read<S extends z.ZodType>(schema: S, item: Record<string, unknown>): z.output<S> {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw new Error(`The item ${item.PK} ${item.SK} does not fit: ${parsed.error.message}`);
}

/** An item that an error contains, where the SDK leaves DynamoDB's own notation in place. */
export function plain(item: unknown): Item | undefined {
  return item === undefined
    ? undefined
    : (unmarshall(item as Record<string, AttributeValue>) as Item);
}
