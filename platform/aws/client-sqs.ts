import { createHash } from "node:crypto";
import type { Body } from "./answer.ts";
import { type ClientSettings, JsonClient } from "./json-client.ts";

/** The fields of a message that are sent. */
type Message = {
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
};
type OneMessage = Message & { QueueUrl: string };
type Batch = { QueueUrl: string; Entries: (Message & { Id: string })[] };

/** Sends one message. */
export class SendMessageCommand {
  readonly operation = "SendMessage";
  readonly input: OneMessage;

  constructor(input: OneMessage) {
    this.input = input;
  }

  /** Throws if SQS received a different text. */
  check({ MD5OfMessageBody }: Body): void {
    if (MD5OfMessageBody !== hashOf(this.input)) throw new Error("InvalidChecksumError");
  }
}

/** Sends up to ten messages; the response lists messages that SQS did not accept as `Failed`. */
export class SendMessageBatchCommand {
  readonly operation = "SendMessageBatch";
  readonly input: Batch;

  constructor(input: Batch) {
    this.input = input;
  }

  /** Throws if SQS received different texts. */
  check(answer: Body): void {
    const sent = new Map(this.input.Entries.map((entry) => [entry.Id, entry]));
    const Successful = (answer.Successful ?? []) as Taken[];
    const wrong = Successful.filter(({ Id, MD5OfMessageBody }) => {
      const entry = sent.get(Id);
      return entry !== undefined && MD5OfMessageBody !== hashOf(entry);
    });
    if (wrong.length === 0) return;
    const ids = wrong.map(({ MessageId }) => MessageId).join(", ");
    throw new Error(`Invalid MD5 checksum on messages: ${ids}`);
  }
}

/** Sets when up to ten received messages, which were not deleted, can be received again. */
export class ChangeMessageVisibilityBatchCommand {
  readonly operation = "ChangeMessageVisibilityBatch";
  readonly input: Visibilities;

  constructor(input: Visibilities) {
    this.input = input;
  }

  check(): void {}
}

type Visibilities = {
  QueueUrl: string;
  Entries: { Id: string; ReceiptHandle: string; VisibilityTimeout: number }[];
};

/** A message of a batch that SQS accepted. */
type Taken = { Id: string; MessageId: string; MD5OfMessageBody: string };

type Command = SendMessageCommand | SendMessageBatchCommand | ChangeMessageVisibilityBatchCommand;

const hashOf = ({ MessageBody }: Message) => createHash("md5").update(MessageBody).digest("hex");

/**
 * A client for queues: in the bundles it replaces that of `@aws-sdk/client-sqs`
 * (bin/build/build.ts), with the operations that are used.
 */
export class SQSClient {
  readonly #client: JsonClient;

  constructor(settings: ClientSettings) {
    const service = { name: "sqs", target: "AmazonSQS", version: "1.0", pauseBase: 50 } as const;
    this.#client = new JsonClient(service, settings);
  }

  /** Rejects as `JsonClient.call` does, and if SQS received a different text. */
  async send(command: Command) {
    const answer = await this.#client.call(command.operation, JSON.stringify(command.input));
    command.check(answer);
    return answer;
  }

  destroy(): void {
    this.#client.destroy();
  }
}
