import { type ClientSettings, Command, JsonClient } from "./json-client.ts";

/** The fields of a message that are sent. */
type Message = {
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
};

/** A request for several messages of one queue. */
type Batch<Entry> = { QueueUrl: string; Entries: (Entry & { Id: string })[] };

/** Sends one message. */
export class SendMessageCommand extends Command<Message & { QueueUrl: string }> {
  readonly operation = "SendMessage";
}

/** Sends up to ten messages; the response lists messages that SQS did not accept as `Failed`. */
export class SendMessageBatchCommand extends Command<Batch<Message>> {
  readonly operation = "SendMessageBatch";
}

type Visibility = { ReceiptHandle: string; VisibilityTimeout: number };

/** Sets when up to ten received messages, which were not deleted, can be received again. */
export class ChangeMessageVisibilityBatchCommand extends Command<Batch<Visibility>> {
  readonly operation = "ChangeMessageVisibilityBatch";
}

/**
 * A client for queues: in the bundles it replaces that of `@aws-sdk/client-sqs`
 * (bin/build/build.ts), with the operations that are used.
 */
export class SQSClient extends JsonClient {
  constructor(settings: ClientSettings) {
    super({ name: "sqs", target: "AmazonSQS", version: "1.0", pauseBase: 50 }, settings);
  }
}
