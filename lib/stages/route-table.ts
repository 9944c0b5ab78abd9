import * as table from "../../functions/index.ts";
import type { AuthorizerContract } from "../../platform/auth/authorizer.ts";
import type { Contract, DownloadContract } from "../../platform/http/contract.ts";
import type { ConsumerContract } from "../../platform/lambda/consumer.ts";
import type { TaskContract } from "../../platform/lambda/task.ts";
import type { TriggerContract } from "../../platform/lambda/trigger.ts";
import type { SocketContract } from "../../platform/realtime/contract.ts";
import type { RelayContract } from "../../platform/relay/contract.ts";
import type { CommandContract, ReceiverContract } from "../../platform/tencent/contract.ts";

/** The contract of any function. */
export type AnyContract =
  | Contract
  | CommandContract
  | ReceiverContract
  | DownloadContract
  | AuthorizerContract
  | ConsumerContract
  | SocketContract
  | TaskContract
  | RelayContract
  | TriggerContract;

/** The names of all functions in the route table, such as `gifts/create`. */
export type FunctionName = keyof typeof table;

/** One row of the route table: the function's name and its contract. */
export type Row<C extends AnyContract = AnyContract> = { name: FunctionName; contract: C };

/** The whole route table, sorted by name. */
export const rows: Row[] = Object.entries(table)
  .map(([name, { contract }]) => ({
    name: name as FunctionName,
    contract: contract as AnyContract,
  }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The rows of the route table with functions of one kind, sorted by name. */
export const rowsOf = <K extends AnyContract["kind"]>(kind: K) =>
  rows.filter(({ contract }) => contract.kind === kind) as Row<Extract<AnyContract, { kind: K }>>[];

/** The route for all unknown paths. */
export const catchAll = "/{proxy+}";

/** The only function of its kind; throws unless there is exactly one. */
export function onlyRow<C extends AnyContract>(found: readonly Row<C>[], what: string): Row<C> {
  const [row, ...others] = found;
  if (row === undefined || others.length > 0)
    throw new Error(
      `Expected one ${what}, found ${found.map(({ name }) => name).join() || "none"}`,
    );
  return row;
}
