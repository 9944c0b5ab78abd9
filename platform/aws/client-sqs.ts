import { createHash } from "node:crypto";
import { type ClientSettings, JsonClient } from "./json-client.ts";

/** As much of a message as is sent. */
type Message = {
  QueueUrl: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
};

/** Sends one message. */
export class SendMessageCommand {
  readonly input: Message;

  constructor(input: Message) {
    this.input = input;
  }
}

/**
 * A client for the queues: in the bundles it is that of `@aws-sdk/client-sqs` (bin/build.ts), with
 * the one operation that is used.
 */
export class SQSClient {
  readonly #client: JsonClient;

  constructor(settings: ClientSettings) {
    const service = { name: "sqs", target: "AmazonSQS", version: "1.0", pauseBase: 50 } as const;
    this.#client = new JsonClient(service, settings);
  }

  /** Rejects as `JsonClient.call` does, and when SQS received another text than the one sent. */
  async send({ input }: SendMessageCommand) {
    const answer = await this.#client.call("SendMessage", JSON.stringify(input));
    const hash = createHash("md5").update(input.MessageBody).digest("hex");
    if (answer.MD5OfMessageBody !== hash) throw new Error("InvalidChecksumError");
    return answer;
  }

  destroy(): void {
    this.#client.destroy();
  }
}
