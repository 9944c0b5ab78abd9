import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  ScanCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { logFault } from "../runtime/log.ts";
import { type Key, key } from "./keys.ts";

/**
 * The version of what lies where in the table (keys.ts). It grows with every change that makes what
 * was written before unreadable. 1 had wallets and markers next to profiles, and no item saying so;
 * 2 had a chat's gone numbers in one set, and due reminders by their second; 3 had lists, gift
 * types, reminders and callbacks on one key, and a room's subscribers, senders and counter next to
 * its messages.
 */
export const layoutVersion = 4;

/** A table, and a client for it. */
export type TablePlace = { client: DynamoDBDocumentClient; tableName: string };

/** The table's data has another layout; the message is one sentence for a person. */
export class LayoutMismatch extends Error {
  override name = "LayoutMismatch";
}

/** What says `found` to a person: nothing here converts a layout into another. */
export const mismatch = (what: string, found: number): LayoutMismatch =>
  new LayoutMismatch(
    `${what} has data of layout ${found} and this version of Ovation reads layout ` +
      `${layoutVersion} alone: use the version that wrote it, or begin with empty data.`,
  );

/**
 * The table's wallets belong to another issuer's subjects; the message is a sentence for a person.
 */
export class IssuerMismatch extends Error {
  override name = "IssuerMismatch";
}

const Layout = z.object({ version: z.number().int(), issuer: z.string().optional() });

/** The item that says which layout the table has. */
export const layoutItem = () => ({ ...key.layout(), version: layoutVersion });

async function findLayout({ client, tableName }: TablePlace) {
  const read = new GetCommand({ TableName: tableName, Key: key.layout(), ConsistentRead: true });
  const { Item } = await client.send(read);
  return Item && Layout.parse(Item);
}

const findVersion = async (place: TablePlace) => (await findLayout(place))?.version;

/** Whether the table is empty, except for the item that says its layout. */
export async function isEmpty({ client, tableName }: TablePlace): Promise<boolean> {
  const { PK } = key.layout();
  const scan = new ScanCommand({ TableName: tableName, Limit: 2, ConsistentRead: true });
  const { Items = [] } = await client.send(scan);
  return (Items as Key[]).every((item) => item.PK === PK);
}

/**
 * Makes sure that the table's data has this layout. An empty table does; data without a version is
 * older than versions are.
 *
 * @throws LayoutMismatch where it does not.
 */
export async function assertLayout(place: TablePlace): Promise<void> {
  const version = await findVersion(place);
  if (version === layoutVersion || (await isEmpty(place))) return;
  throw mismatch(`The table ${place.tableName}`, version ?? 1);
}

/**
 * Makes the table ready for functions, which serve no table that does not state its layout: an
 * empty one gets the item that does.
 *
 * @throws LayoutMismatch where there is data of another layout.
 */
export async function prepareLayout(place: TablePlace): Promise<void> {
  if ((await findVersion(place)) === layoutVersion) return;
  await assertLayout(place);
  await place.client.send(new PutCommand({ TableName: place.tableName, Item: layoutItem() }));
}

/**
 * Notes whose subjects a table's wallets and profiles are named by: a `sub` is one person's with
 * one issuer alone, and another one may let people choose it. An empty table takes any; one that
 * notes none yet takes the first that is deployed with it.
 *
 * @param keepsSubjects whether a person vouches that everybody has the same `sub` with both.
 * @throws IssuerMismatch where there is data of another issuer's subjects.
 */
export async function claimIssuer(
  place: TablePlace,
  issuer: string,
  keepsSubjects = false,
): Promise<void> {
  const noted = (await findLayout(place))?.issuer;
  if (noted === issuer) return;
  if (noted !== undefined && !keepsSubjects && !(await isEmpty(place)))
    throw new IssuerMismatch(
      `The table ${place.tableName} has data of people whom ${noted} names, and this deployment ` +
        `asks ${issuer}: a user with the same \`sub\` there would have their wallet.`,
    );
  const Item = { ...layoutItem(), issuer };
  await place.client.send(new PutCommand({ TableName: place.tableName, Item }));
}

/** A client that has looked at the layout before it serves. */
type OnLayout = DynamoDBDocumentClient & {
  /** Looks now, unless it already has; rejects where no call is served. */
  assertLayout(): Promise<void>;
};

/**
 * The client of a function: before its first call the process reads the layout, once, and until it
 * is right every call is refused as `unavailable`, so that nobody decides on a wallet that lies
 * elsewhere. Once right it stays so for as long as the process lives.
 */
export function onLayout(client: DynamoDBDocumentClient, tableName: () => string): OnLayout {
  let checked: Promise<void> | undefined;
  const check = async () => {
    const version = await findVersion({ client, tableName: tableName() });
    if (version === layoutVersion) return;
    const table = `The table ${tableName()}`;
    const says = "does not say its layout: npm run deploy writes it";
    logFault("The table is not served", version ? mismatch(table, version) : `${table} ${says}`);
    refuse("unavailable");
  };
  const assertLayout = () => {
    checked ??= check().catch((error: unknown) => {
      checked = undefined;
      throw error;
    });
    return checked;
  };
  const send = async (...given: Parameters<typeof client.send>) => {
    await assertLayout();
    return client.send(...given);
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send, assertLayout });
}
