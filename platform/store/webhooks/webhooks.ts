import * as z from "zod";
import { refuse } from "../../../domain/refusal.ts";
import {
  changeWebhook,
  Secret,
  tencentReceiver,
  Webhook,
  webhooksMax,
} from "../../../domain/webhooks/webhook.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, getItems, type Item, keyText, parseItem, putItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";

/** A webhook with its slot, and its revision, which is the lock of each change. */
const Stored = Webhook.extend({ slot: z.number().int(), revision: z.number().int() });
export type Stored = z.infer<typeof Stored>;

/** All webhooks, read consistently, newest first: there are at most 20. */
export async function listWebhooks(): Promise<Stored[]> {
  const items = await queryWhole(key.webhook(0), { prefix: prefix.webhooks });
  return items.map((item) => parseItem(Stored, item)).sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** The webhook; undefined if there is none. */
export const findWebhook = async (webhookId: string): Promise<Stored | undefined> =>
  (await listWebhooks()).find(({ id }) => id === webhookId);

/** The webhook; refuses with `webhook_not_found`. */
export const getWebhook = async (webhookId: string): Promise<Stored> =>
  (await findWebhook(webhookId)) ?? refuse("webhook_not_found", { webhookId });

/** Refuses with `webhook_not_found` for a receiver that does not exist. */
export const assertReceiver = async (id: string): Promise<void> => {
  if (id !== tencentReceiver) await getWebhook(id);
};

/** Records a new webhook with its secret; refuses with `too_many_webhooks`. */
export async function recordWebhook<A>(
  webhook: Webhook,
  secret: string,
  reply: Reply<A>,
): Promise<A> {
  return retryOnConflict(async () => {
    const taken = new Set((await listWebhooks()).map(({ slot }) => slot));
    const slots = Array.from({ length: webhooksMax }, (_, at) => at);
    const slot = slots.find((one) => !taken.has(one));
    if (slot === undefined) return refuse("too_many_webhooks", { max: webhooksMax });
    const put: Action = {
      label: "slot",
      Put: {
        Item: { ...key.webhook(slot), ...webhook, slot, revision: 1 },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    };
    const secrets: Action = {
      Put: { Item: { ...key.secrets(webhook.id), secrets: [{ secret }] } },
    };
    const failed = await commitTransaction([put, secrets], reply);
    return failed === undefined ? reply.answer : conflicted;
  });
}

/**
 * Changes a webhook under its revision, which `assertRevision` may refuse; refuses with
 * `webhook_not_found`.
 */
export async function changeStoredWebhook(
  webhookId: string,
  change: Parameters<typeof changeWebhook>[1],
  assertRevision: (revision: number) => void = () => {},
): Promise<Stored> {
  return retryOnConflict(async () => {
    const { slot, revision, ...webhook } = await getWebhook(webhookId);
    assertRevision(revision);
    const changed = { ...changeWebhook(webhook, change), slot, revision: revision + 1 };
    const failed = await commitTransaction([
      {
        Put: {
          Item: { ...key.webhook(slot), ...changed },
          ...ifUnchanged({ id: webhookId, revision }),
        },
      },
    ]);
    return failed === undefined ? changed : conflicted;
  });
}

/**
 * Disables a webhook unless it has changed since `revision`. Returns whether nothing more is sent
 * to it, also if it was disabled or deleted before.
 */
export async function disableWebhook({
  id,
  revision,
}: Pick<Stored, "id" | "revision">): Promise<boolean> {
  const current = await findWebhook(id);
  if (current?.enabled !== true) return true;
  if (current.revision !== revision) return false;
  const failed = await commitTransaction([
    {
      Put: {
        Item: { ...key.webhook(current.slot), ...current, enabled: false, revision: revision + 1 },
        ...ifUnchanged(current),
      },
    },
  ]);
  return failed === undefined || disableWebhook({ id, revision });
}

/** Removes a webhook and its secrets; refuses with `webhook_not_found`. */
export async function removeWebhook(webhookId: string): Promise<void> {
  return retryOnConflict(async () => {
    const { slot, revision } = await getWebhook(webhookId);
    const Key = key.webhook(slot);
    const failed = await commitTransaction([
      { Delete: { Key, ...ifUnchanged({ id: webhookId, revision }) } },
      { Delete: { Key: key.secrets(webhookId) } },
    ]);
    return failed === undefined ? undefined : conflicted;
  });
}

const ifUnchanged = ({ id, revision }: Pick<Stored, "id" | "revision">) => ({
  ConditionExpression: "id = :id AND revision = :revision",
  ExpressionAttributeValues: { ":id": id, ":revision": revision },
});

const Secrets = z.object({ secrets: z.array(Secret) });

/**
 * All secrets of a webhook, newest first, including those that no longer sign; empty if there is no
 * webhook.
 */
export async function findSecrets(webhookId: string): Promise<Secret[]> {
  const found = await getItem(Secrets, key.secrets(webhookId), { consistent: true });
  return found?.secrets ?? [];
}

/** A webhook with its secrets, and which of some messages must no longer be sent. */
export type StoredTarget = { webhook?: Stored; secrets: Secret[]; deleted: Set<string> };

/** Everything needed to send messages to a webhook, in one consistent read. */
export async function findStoredTarget(
  { id, slot }: { id: string; slot: number },
  messages: readonly MessageRef[],
): Promise<StoredTarget> {
  const own = [key.webhook(slot), key.secrets(id)] as const;
  const found = await getItems([...own, ...deletionKeys(messages)], { consistent: true });
  const [slotItem, secretsItem] = own.map((one) => found.get(keyText(one)));
  const webhook = slotItem && parseItem(Stored, slotItem);
  return {
    // A slot is reused for another webhook once its own is deleted.
    ...(webhook?.id === id && { webhook }),
    secrets: secretsItem ? parseItem(Secrets, secretsItem).secrets : [],
    deleted: deletedIn(found, messages),
  };
}

/**
 * Changes a webhook's secrets, with the reply that `replyTo` builds from the decision. If another
 * call was faster, decides again on its result. Refuses with `webhook_not_found`.
 */
export async function changeSecrets<D extends { secrets: readonly Secret[] }, A>(
  webhookId: string,
  decide: (secrets: readonly Secret[]) => D,
  replyTo: (decision: D) => Reply<A>,
): Promise<A> {
  return retryOnConflict(async () => {
    const before = await findSecrets(webhookId);
    if (before[0] === undefined) return refuse("webhook_not_found", { webhookId });
    const decision = decide(before);
    const Update = {
      Key: key.secrets(webhookId),
      UpdateExpression: "SET secrets = :secrets",
      ConditionExpression: "secrets[0].secret = :newest",
      ExpressionAttributeValues: { ":secrets": decision.secrets, ":newest": before[0].secret },
    };
    const reply = replyTo(decision);
    const failed = await commitTransaction([{ Update }], reply);
    return failed === undefined ? reply.answer : conflicted;
  });
}

/** How long a deletion is remembered: as long as deliveries are kept, and a day more. */
const keptSeconds = 8 * 24 * 3600;

/** Records that a message's text must no longer be sent. */
export const recordDeletion = (streamId: string, messageId: string, now: Date): Promise<void> =>
  putItem({
    ...key.deletion(streamId, messageId),
    expiresAt: Math.floor(now.getTime() / 1000) + keptSeconds,
  });

/** A message and its stream. */
export type MessageRef = { streamId: string; id: string };

/** Which of these messages must no longer be sent, by id; read consistently. */
export async function findDeletions(messages: readonly MessageRef[]): Promise<Set<string>> {
  return deletedIn(await getItems(deletionKeys(messages), { consistent: true }), messages);
}

/** The keys of the items that say which of these messages must not be sent. */
const deletionKeys = (messages: readonly MessageRef[]) =>
  messages.map(({ streamId, id }) => key.deletion(streamId, id));

/** The ids of these messages that have a deletion among the items found. */
function deletedIn(found: ReadonlyMap<string, Item>, messages: readonly MessageRef[]): Set<string> {
  const isDeleted = (message: MessageRef) => found.has(keyText(deletionKeys([message])[0]!));
  return new Set(messages.filter(isDeleted).map(({ id }) => id));
}
