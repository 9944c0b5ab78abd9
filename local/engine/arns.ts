import type { Table } from "./tables.ts";

/** The ARN of a table of this engine; account and region are made up. */
export const arnOf = ({ name }: Pick<Table, "name">) =>
  `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;

export const streamArnOf = (table: Table) => `${arnOf(table)}/stream/${table.streamLabel}`;
