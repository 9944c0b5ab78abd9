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
}

/** Sends up to ten messages; the response lists messages that SQS did not accept as `Failed`. */
export class SendMessageBatchCommand {
  readonly operation = "SendMessageBatch";
  readonly input: Batch;

  constructor(input: Batch) {
    this.input = input;
  }
}

/** Sets when up to ten received messages, which were not deleted, can be received again. */
export class ChangeMessageVisibilityBatchCommand {
  readonly operation = "ChangeMessageVisibilityBatch";
  readonly input: Visibilities;

  constructor(input: Visibilities) {
    this.input = input;
  }
}

type Visibilities = {
  QueueUrl: string;
  Entries: { Id: string; ReceiptHandle: string; VisibilityTimeout: number }[];
};

type Command = SendMessageCommand | SendMessageBatchCommand | ChangeMessageVisibilityBatchCommand;

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

  /** Rejects as `JsonClient.call` does. */
  send({ operation, input }: Command) {
    return this.#client.call(operation, JSON.stringify(input));
  }

  destroy(): void {
    this.#client.destroy();
  }
}
