/** One statement of a role's policy, with every intrinsic function resolved to text. */
export type PolicyStatement = {
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string[];
  /** Patterns of the condition `ForAllValues:StringLike` on `dynamodb:LeadingKeys`. */
  leadingKeys?: string[];
};

/** One Lambda function and the bundle that the template names for it. */
export type LambdaFunction = {
  name: string;
  arn: string;
  directory: string;
  handler: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  reservedConcurrency?: number;
  role: string;
  /** The log group of its lines; Lambda's default group unless the template names one. */
  logGroup?: string;
};

/** A REST API created from an OpenAPI body; `document` is the body with resolved references. */
export type RestApi = {
  id: string;
  name: string;
  stageName: string;
  document: OpenApiBody;
  /** `/path/METHOD` or the wildcard pair, as in the stage's MethodSettings. */
  methodSettings: { path: string; method: string; rateLimit?: number; burstLimit?: number }[];
  /** The log group and format of its access log; the format contains `$context` variables. */
  accessLog?: { logGroup: string; format: string };
};

/** Where a REST API is served: at the root if its stage is named like ours, else below its name. */
export const prefixOf = (stage: Pick<Stage, "name">, { stageName }: Pick<RestApi, "stageName">) =>
  stageName === stage.name ? "" : `/${stageName}`;

/** The parts of an OpenAPI 3.0.1 document that API Gateway reads on import. */
export type OpenApiBody = {
  paths: Record<string, Record<string, OpenApiOperation>>;
  components?: { securitySchemes?: Record<string, OpenApiSecurityScheme> };
  "x-amazon-apigateway-gateway-responses"?: Record<string, GatewayResponse>;
  "x-amazon-apigateway-binary-media-types"?: string[];
  /** Bodies are compressed from this number of bytes; never if undefined. */
  "x-amazon-apigateway-minimum-compression-size"?: number;
};

export type OpenApiOperation = {
  security?: Record<string, string[]>[];
  "x-amazon-apigateway-integration": {
    type: string;
    uri?: string;
    httpMethod?: string;
    credentials?: string;
    timeoutInMillis?: number;
    requestTemplates?: Record<string, string>;
    responses?: Record<
      string,
      {
        statusCode: string;
        responseParameters?: Record<string, string>;
        responseTemplates?: Record<string, string>;
      }
    >;
  };
};

type OpenApiSecurityScheme = {
  "x-amazon-apigateway-authorizer"?: {
    type: "request";
    authorizerUri: string;
    authorizerCredentials?: string;
    /** `method.request.header.` and the header's name. */
    identitySource?: string;
    authorizerResultTtlInSeconds?: number;
  };
};

export type GatewayResponse = {
  statusCode?: string | number;
  responseParameters?: Record<string, string>;
  responseTemplates?: Record<string, string>;
};

/** A WebSocket API: its routes by key, each with its function. */
export type WebSocketApi = {
  id: string;
  stageName: string;
  routeSelectionExpression: string;
  routes: Record<
    string,
    {
      functionName: string;
      /** The role with which the gateway calls the function. */
      credentials?: string;
      authorizer?: { functionName: string; credentials?: string };
    }
  >;
  rateLimit?: number;
  burstLimit?: number;
};

export type Table = {
  name: string;
  arn: string;
  streamArn: string;
  /** The CreateTable request that creates the table in a local engine. */
  createTable: Record<string, unknown>;
  timeToLiveAttribute?: string;
};

export type Queue = {
  name: string;
  arn: string;
  url: string;
  fifo: boolean;
  visibilitySeconds: number;
  retentionSeconds: number;
  redrive?: { queueArn: string; receiveCountMax: number };
};

/** A pattern of Lambda's event filter: each value's alternatives, which are prefixes. */
export type FilterPattern = { [key: string]: { prefix: string }[] | FilterPattern };

/** A stream or queue that triggers a function, with the settings of its event source mapping. */
export type EventSource = {
  id: string;
  sourceArn: string;
  functionName: string;
  batchSize: number;
  retryAttemptsMax: number;
  recordAgeSecondsMax: number;
  failuresBucketArn?: string;
  filters: FilterPattern[];
  concurrencyMax?: number;
};

/** A schedule such as `rate(1 minute)`, and the function that it calls. */
export type Schedule = { id: string; expression: string; functionName: string };

/** The identity of a CloudWatch metric. */
export type MetricName = {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
};

/**
 * An alarm: at or above the threshold in `datapoints` of the last `periods` minutes; with `isBelow`
 * below it, in minutes or hours.
 */
export type Alarm = {
  name: string;
  description: string;
  metric: MetricName;
  /** `Sum`, `Maximum`, or a percentile such as `p90`. */
  statistic: string;
  threshold: number;
  isBelow?: boolean;
  periods: number;
  datapoints: number;
};

/** A metric filter: counts log lines that meet all conditions of one of `wanted`. */
export type MetricFilter = {
  logGroup: string;
  wanted: { field: string; is: "=" | "!=" | "absent"; value?: string }[][];
  metric: MetricName;
};

export type Secret = { name: string; arn: string; generate?: { PasswordLength: number } };

/**
 * Everything that the runner knows of one stage, read from the synthesized templates
 * (local/assembly). Nothing is listed by hand, so a route that is removed from the template
 * disappears here too. Names are physical (`ovation-dev-gifts-create`); amounts carry their unit.
 */
export type Stage = {
  /** The relay's name among the functions, if the stage has a relay. */
  relay?: string;
  name: string;
  region: string;
  account: string;
  functions: Record<string, LambdaFunction>;
  roles: Record<string, PolicyStatement[]>;
  restApis: RestApi[];
  webSocketApis: WebSocketApi[];
  tables: Table[];
  queues: Queue[];
  buckets: { name: string; arn: string }[];
  /** Host names that CloudFront serves; the runner answers for them itself. */
  domains: string[];
  /** Whether a firewall protects them. */
  hasHostFirewall?: boolean;
  eventSources: EventSource[];
  schedules: Schedule[];
  secrets: Secret[];
  alarms: Alarm[];
  metricFilters: MetricFilter[];
};

/** The result of an invocation: its payload, or the error that it threw or died of. */
export type InvocationResult =
  | { ok: true; payload: unknown }
  | { ok: false; error: { errorType: string; errorMessage: string } };

/** Calls a function; with `delay` in ms, events that arrive meanwhile are handled first. */
export type Invoke = (name: string, event: unknown, delay?: number) => Promise<InvocationResult>;

/** A signed AWS call of a function. Header names are in lower case. */
export type FunctionCall = {
  method: string;
  /** Path and query, percent-encoded. */
  url: string;
  /** Names are in lower case. */
  headers: Record<string, string>;
  /** Calls with the same body share one object. */
  body: string | Uint8Array;
};

/** A response; `lost` is a connection that ended without one. */
export type CallAnswer =
  | { status: number; headers?: Readonly<Record<string, string>>; body: string | Uint8Array }
  | "lost";

/**
 * Performs calls that a function made together. Reports each response with its call's index, at
 * once or later, and never if there is no response. `isGone` says whether the caller has gone.
 */
export type PerformCalls = (
  calls: readonly FunctionCall[],
  answer: (at: number, answer: CallAnswer) => void,
  isGone: () => boolean,
) => void;

/** What `@connections` needs from the WebSocket gateway. */
export type Connections = {
  post(connectionId: string, data: Uint8Array): "sent" | "gone" | "too_fast";
  close(connectionId: string): "closed" | "gone";
  isOpen(connectionId: string): boolean;
};

/** The function's physical name, from its ARN or an integration's URI that contains the ARN. */
export function functionNameOf(arn: string): string {
  const name = /:function:([A-Za-z0-9_-]+)/.exec(arn)?.[1];
  if (name === undefined) throw new Error(`Expected the ARN of a function, found ${arn}`);
  return name;
}
