import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { decoding } from "../../../platform/lambda/grants.ts";
import { fetchPicture } from "../../../platform/pictures/fetch-remote.ts";
import { RemotePicture } from "../../../platform/pictures/remote.ts";

/**
 * The only function that fetches pictures. A host that hangs holds one of five executions for 10 s,
 * and no caller waits for it.
 */
export const { contract, handler } = consumer(
  {
    summary: "Fetch pictures of other hosts, to serve them from here",
    on: { queue: "fetches", batchSize: 1, concurrencyMax: 5 },
    grants: {
      read: ["USER", "STREAM"],
      write: ["USER", "STREAM", "PICTURE", "BUCKET"],
      queues: ["fetches"],
      pictures: ["write"],
    },
    ...decoding,
    timeoutSeconds: 45,
  },
  perMessage(RemotePicture, fetchPicture),
);
