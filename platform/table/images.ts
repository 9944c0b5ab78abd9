import type { DynamoDBRecord } from "aws-lambda";
import { type ItemKind, readKey } from "./keys.ts";
import { type Item, plain } from "./table.ts";

/** The items of a kind as records of the table's stream wrote them; deletions have none. */
export const imagesOf = (records: readonly DynamoDBRecord[], kind: ItemKind): Item[] =>
  records
    .flatMap(({ dynamodb }) => plain(dynamodb?.NewImage) ?? [])
    .filter((image) => readKey(image).kind === kind);
