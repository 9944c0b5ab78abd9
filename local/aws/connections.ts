import type { Connections, Stage, WebSocketApi } from "../model.ts";
import { answerFailure } from "./answer-call.ts";
import type { DistributionMeter } from "./distribution-meter.ts";
import { type AwsAnswer, AwsFailure, type AwsRequest, type Prepare } from "./failure.ts";
import type { Iam } from "./iam.ts";
import type { Meter } from "./meter.ts";

/** API Gateway's limit for a post. */
const postBytesMax = 128 * 1024;
/** A message is billed in units of this size. */
const billedBytes = 32 * 1024;

const operations: Record<string, string> = {
  POST: "PostToConnection",
  GET: "GetConnection",
  DELETE: "DeleteConnection",
};

const action = "execute-api:ManageConnections";

/** The dependencies of posts. */
type ConnectionOptions = {
  stage: Stage;
  connections: Connections;
  meter: Meter;
  distributionMeter: DistributionMeter;
};

/**
 * `/<apiId>/<stage>/@connections/<connectionId>`, the callback side of a WebSocket API.
 * The AWS page is "Use @connections commands in your backend service" of the developer guide.
 */
export function createConnectionCalls(options: ConnectionOptions): Prepare {
  const { stage, connections, meter, distributionMeter } = options;
  return (request) => {
    const api = findApi(stage, request);
    const operation = operations[request.method];
    const id = request.path[3];
    if (!api || !operation || !id) throw new AwsFailure(403, "ForbiddenException", "Forbidden");
    const resource = nameConnections(stage, api, request.method) + id;
    return {
      access: [{ action, resource }],
      keys: () => [id],
      itemCount: 1,
      run() {
        const messages = request.method === "POST" ? countMessages(request.body) : 0;
        meter.record({
          caller: request.caller,
          operation: `execute-api:${operation}`,
          items: { websocket_messages: messages },
        });
        if (request.method === "POST") distributionMeter({ bytesOut: request.body.byteLength });
        if (request.method === "POST") return post(connections, id, request.body);
        if (request.method === "DELETE") return answerEnd(connections.close(id));
        return connections.isOpen(id) ? found : gone;
      },
    };
  };
}

/**
 * Posts to several connections. Returns the responses in order, or undefined if each post must be
 * authorized separately.
 */
export type PostTogether = (posts: readonly AwsRequest[]) => AwsAnswer[] | undefined;

/**
 * Handles posts of one caller through one API with one check and one count, if the caller may post
 * to all of the API's connections.
 */
export function createPostsTogether(
  { stage, connections, meter, distributionMeter }: ConnectionOptions,
  iam: Pick<Iam, "mayBelow">,
): PostTogether {
  return (posts) => {
    const [first] = posts;
    if (first === undefined) return [];
    const { caller } = first;
    const api = findApi(stage, first);
    if (!api || !iam.mayBelow(caller, action, nameConnections(stage, api, "POST")))
      return undefined;
    const messages = posts.reduce((sum, { body }) => sum + countMessages(body), 0);
    meter.record({
      caller,
      operation: "execute-api:PostToConnection",
      requests: posts.length,
      items: { websocket_messages: messages },
    });
    const bytes = posts.reduce((sum, { body }) => sum + body.byteLength, 0);
    distributionMeter({ bytesOut: bytes });
    return posts.map(({ path, body }) => post(connections, path[3] ?? "", body));
  };
}

function findApi(stage: Stage, { path: [id, stageName] }: AwsRequest): WebSocketApi | undefined {
  return stage.webSocketApis.find((one) => one.id === id && one.stageName === stageName);
}

/** The prefix of the ARNs of an API's connections. */
const nameConnections = ({ region, account }: Stage, api: WebSocketApi, method: string) =>
  `arn:aws:execute-api:${region}:${account}:${api.id}/${api.stageName}/${method}/@connections/`;

const countMessages = ({ byteLength }: Buffer) => Math.max(1, Math.ceil(byteLength / billedBytes));

function post(connections: Connections, id: string, data: Buffer): AwsAnswer {
  if (data.byteLength > postBytesMax) return tooLarge;
  const outcome = connections.post(id, data);
  if (outcome === "sent") return sent;
  return outcome === "gone" ? gone : tooFast;
}

const answerEnd = (outcome: "closed" | "gone") => (outcome === "gone" ? gone : closed);

function answer(status: number, body: string): AwsAnswer {
  return { status, headers: { "content-type": "application/json" }, body };
}

const sent = answer(200, "");
const closed = answer(204, "");
/** AWS returns when the connection was opened and last used, which no caller reads. */
const found = answer(200, "{}");
/** API Gateway returns only the status for a closed connection. */
const gone = answerFailure(new AwsFailure(410, "GoneException", ""));
const tooFast = answerFailure(new AwsFailure(429, "LimitExceededException", "Rate exceeded"));
const tooLarge = answerFailure(
  new AwsFailure(413, "PayloadTooLargeException", "Message too large"),
);
