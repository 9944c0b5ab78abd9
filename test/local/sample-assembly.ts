/**
 * A small cloud assembly as CDK would write it, for tests of the runner: two stacks, REST and
 * WebSocket APIs, functions whose bundles are a few lines each. No CDK is needed to make it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bundles by function name without the stage's prefix. */
type Bundles = Record<string, string>;

const echo = `exports.handler = async (event, context) => ({ statusCode: 200, headers: {
  "content-type": "application/json" }, body: JSON.stringify({ event, env: process.env,
  name: context.functionName, remaining: context.getRemainingTimeInMillis() }) });`;

export const sampleBundles: Bundles = {
  echo,
  "not-found": `exports.handler = async () => ({ statusCode: 404, body: "{}" });`,
  crash: `exports.handler = async () => { throw new TypeError("inside"); };`,
  malformed: `exports.handler = async () => ({ statusCode: 200, body: { not: "text" } });`,
  slow: `exports.handler = ({ milliseconds = 60000 }) =>
  new Promise((done) => setTimeout(done, milliseconds));`,
  ticking: `let ticks = 0;
let timer;
exports.handler = async () => {
  timer ??= setInterval(() => { ticks += 1; }, 20);
  return { statusCode: 200, body: String(ticks) };
};`,
  leave: `exports.handler = async () => process.exit(3);`,
  "auth-http": `let calls = 0;
exports.handler = async (event) => {
  calls += 1;
  const token = event.headers.Authorization ?? event.headers.authorization ?? "";
  if (token === "unauthorized") throw new Error("Unauthorized");
  if (token === "broken") throw new Error("broken");
  if (token === "odd") return { principalId: "u" };
  const Effect = token === "deny" ? "Deny" : "Allow";
  return { principalId: "u1", context: { calls, timestamp: "2026-01-02T03:04:05.678Z" },
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect,
      Resource: event.methodArn.split("/").slice(0, 2).join("/") + "/*" }] } };
};`,
  "auth-socket": `exports.handler = async (event) => {
  const token = event.queryStringParameters?.token;
  if (!token) throw new Error("Unauthorized");
  if (token === "broken") throw new Error("broken");
  return { principalId: token, context: { sub: token }, policyDocument: { Version: "2012-10-17",
    Statement: [{ Action: "execute-api:Invoke", Effect: token === "deny" ? "Deny" : "Allow",
      Resource: event.methodArn }] } };
};`,
  connect: `exports.handler = async (event) => {
  const token = event.queryStringParameters?.token;
  if (token === "many") return { statusCode: 429 };
  const offered = event.headers["Sec-WebSocket-Protocol"] ?? "";
  return offered.startsWith("bearer") ? { statusCode: 200,
    headers: { "Sec-WebSocket-Protocol": "bearer" } } : { statusCode: 200 };
};`,
  message: `const { request } = require("node:http");
exports.handler = async (event) => {
  if (event.body?.includes("crash")) throw new Error("crash");
  if (event.body?.includes("wait")) await new Promise((done) => setTimeout(done, 50));
  await new Promise((done, fail) => {
    const { connectionId } = event.requestContext;
    const out = request(process.env.ENDPOINT + "/@connections/" + encodeURIComponent(connectionId),
      { method: "POST", headers: { authorization: "AWS4-HMAC-SHA256 Credential=" +
        process.env.AWS_ACCESS_KEY_ID + "/20260101/us-east-1/execute-api/aws4_request" } }, (answer) => { answer.resume(); answer.on("end", done); });
    out.on("error", fail);
    out.end(JSON.stringify({ event }));
  });
  return { statusCode: 200, body: "not sent" };
};`,
};

const lambdaUri = (name: string) => ({
  "Fn::Join": [
    "",
    [
      "arn:",
      { Ref: "AWS::Partition" },
      ":apigateway:",
      { Ref: "AWS::Region" },
      ":lambda:path/2015-03-31/functions/",
      { "Fn::Sub": `arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:sample-${name}` },
      "/invocations",
    ],
  ],
});

const gatewayRole = { "Fn::GetAtt": ["GatewayRole", "Arn"] };
const proxy = (name: string, security?: string) => ({
  ...(security && { security: [{ [security]: [] }] }),
  "x-amazon-apigateway-integration": {
    type: "aws_proxy",
    httpMethod: "POST",
    uri: lambdaUri(name),
    credentials: gatewayRole,
  },
});
const any = "x-amazon-apigateway-any-method";
const envelope = (statusCode: number, timestamp: string) => ({
  statusCode: String(statusCode),
  responseParameters: {
    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
    "gatewayresponse.header.x-request-id": "context.requestId",
  },
  responseTemplates: { "application/json": `{"code":${statusCode},"timestamp":"${timestamp}"}` },
});

/** The OpenAPI body of the sample's main API. */
export const sampleDocument = {
  openapi: "3.0.1",
  paths: {
    "/": { [any]: proxy("not-found") },
    "/{proxy+}": { [any]: proxy("not-found") },
    "/health": { get: proxy("echo"), [any]: proxy("not-found") },
    "/things/special": { get: proxy("crash") },
    "/things/{thingId}": {
      get: proxy("echo", "token"),
      post: proxy("echo", "token"),
      options: {
        "x-amazon-apigateway-integration": {
          type: "MOCK",
          requestTemplates: { "application/json": '{"statusCode":204}' },
          responses: {
            default: {
              statusCode: "204",
              responseParameters: {
                "method.response.header.Access-Control-Allow-Origin": "'*'",
                "method.response.header.X-Request-Id": "context.requestId",
              },
            },
          },
        },
      },
      [any]: proxy("not-found"),
    },
    "/things/{thingId}/parts": { get: proxy("echo") },
    "/open": { post: proxy("echo") },
    "/malformed": { get: proxy("malformed") },
    "/slow": { get: proxy("slow") },
    "/leave": { get: proxy("leave") },
    "/throttled": { get: proxy("echo") },
  },
  components: {
    securitySchemes: {
      token: {
        type: "apiKey",
        "x-amazon-apigateway-authorizer": {
          type: "request",
          identitySource: "method.request.header.Authorization",
          authorizerResultTtlInSeconds: 300,
          authorizerUri: lambdaUri("auth-http"),
        },
      },
    },
  },
  "x-amazon-apigateway-binary-media-types": ["multipart/form-data"],
  "x-amazon-apigateway-gateway-responses": {
    DEFAULT_4XX: envelope(404, "$context.requestTime"),
    DEFAULT_5XX: { ...envelope(500, "$context.requestTime") },
    UNAUTHORIZED: envelope(401, "$context.requestTime"),
    ACCESS_DENIED: envelope(401, "$context.authorizer.timestamp"),
    THROTTLED: envelope(429, "$context.requestTime"),
    REQUEST_TOO_LARGE: envelope(413, "$context.requestTime"),
  },
};

function makeTemplates(names: string[], document: object, callable: string) {
  const functions = Object.fromEntries(
    names.map((name) => [
      `Function${name.replaceAll("-", "")}`,
      {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: `sample-${name}`,
          Handler: "index.handler",
          Role: { "Fn::GetAtt": ["Role", "Arn"] },
          Timeout: name === "slow" ? 1 : 10,
          MemorySize: 256,
          Environment: {
            Variables: {
              TABLE: { "Fn::ImportValue": "data:TableName" },
              ISSUER: { Ref: "IssuerParameter" },
              QUEUE: { Ref: "Queue" },
              ENDPOINT: {
                "Fn::Join": [
                  "",
                  [
                    "https://",
                    { Ref: "Sockets" },
                    ".execute-api.",
                    { Ref: "AWS::Region" },
                    ".amazonaws.com/ws",
                  ],
                ],
              },
            },
          },
        },
        Metadata: { "aws:asset:path": `asset.${name}` },
      },
    ]),
  );
  const integration = (name: string) => ({
    Type: "AWS::ApiGatewayV2::Integration",
    Properties: {
      ApiId: { Ref: "Sockets" },
      IntegrationType: "AWS_PROXY",
      IntegrationUri: lambdaUri(name),
    },
  });
  const route = (key: string, target: string, authorizer = false) => ({
    Type: "AWS::ApiGatewayV2::Route",
    Properties: {
      ApiId: { Ref: "Sockets" },
      RouteKey: key,
      Target: { "Fn::Join": ["", ["integrations/", { Ref: target }]] },
      ...(authorizer && { AuthorizationType: "CUSTOM", AuthorizerId: { Ref: "SocketAuthorizer" } }),
    },
  });
  return {
    data: {
      Resources: {
        Table: {
          Type: "AWS::DynamoDB::GlobalTable",
          Properties: {
            TableName: "sample-table",
            KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
            AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
            StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
          },
        },
      },
      Outputs: { Name: { Value: { Ref: "Table" }, Export: { Name: "data:TableName" } } },
    },
    api: {
      Parameters: {
        IssuerParameter: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/sample/issuer" },
      },
      Resources: {
        ...functions,
        GatewayRole: {
          Type: "AWS::IAM::Role",
          Properties: {
            Policies: [
              {
                PolicyName: "invoke",
                PolicyDocument: {
                  Statement: [
                    { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: callable },
                  ],
                },
              },
            ],
          },
        },
        Role: {
          Type: "AWS::IAM::Role",
          Properties: {
            Policies: [
              {
                PolicyName: "all",
                PolicyDocument: {
                  Statement: [
                    { Effect: "Allow", Action: "dynamodb:GetItem", Resource: "*" },
                    { Effect: "Allow", Action: "execute-api:ManageConnections", Resource: "*" },
                  ],
                },
              },
            ],
          },
        },
        Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "sample-queue" } },
        Api: {
          Type: "AWS::ApiGateway::RestApi",
          Properties: { Name: "sample", Body: document },
        },
        ApiStage: {
          Type: "AWS::ApiGateway::Stage",
          Properties: {
            RestApiId: { Ref: "Api" },
            StageName: "dev",
            AccessLogSetting: {
              DestinationArn: { "Fn::GetAtt": ["AccessLog", "Arn"] },
              Format: JSON.stringify(accessFields),
            },
            MethodSettings: [
              {
                ResourcePath: "/*",
                HttpMethod: "*",
                ThrottlingRateLimit: 1000,
                ThrottlingBurstLimit: 1000,
              },
              {
                ResourcePath: "/~1throttled",
                HttpMethod: "GET",
                ThrottlingRateLimit: 0.001,
                ThrottlingBurstLimit: 2,
              },
            ],
          },
        },
        AccessLog: { Type: "AWS::Logs::LogGroup", Properties: { LogGroupName: "/sample/access" } },
        Sockets: {
          Type: "AWS::ApiGatewayV2::Api",
          Properties: {
            ProtocolType: "WEBSOCKET",
            RouteSelectionExpression: "$request.body.action",
          },
        },
        SocketStage: {
          Type: "AWS::ApiGatewayV2::Stage",
          Properties: { ApiId: { Ref: "Sockets" }, StageName: "ws" },
        },
        SocketAuthorizer: {
          Type: "AWS::ApiGatewayV2::Authorizer",
          Properties: {
            ApiId: { Ref: "Sockets" },
            AuthorizerType: "REQUEST",
            AuthorizerUri: lambdaUri("auth-socket"),
            IdentitySource: [],
          },
        },
        ConnectIntegration: integration("connect"),
        MessageIntegration: integration("message"),
        ConnectRoute: route("$connect", "ConnectIntegration", true),
        DisconnectRoute: route("$disconnect", "MessageIntegration"),
        DefaultRoute: route("$default", "MessageIntegration"),
        PingRoute: route("ping", "MessageIntegration"),
      },
    },
  };
}

const accessFields = {
  requestId: "$context.requestId",
  path: "$context.resourcePath",
  status: "$context.status",
  bytes: "$context.responseLength",
  milliseconds: "$context.responseLatency",
  caller: "$context.authorizer.principalId",
  failure: "$context.error.responseType",
};

/**
 * Writes the assembly to a new temporary folder; returns the folder and a function to remove it.
 */
export function writeSampleAssembly(
  bundles: Bundles = sampleBundles,
  document: object = sampleDocument,
  callable = "arn:aws:lambda:*:*:function:sample-*",
) {
  const directory = mkdtempSync(join(tmpdir(), "sample-assembly-"));
  for (const [name, source] of Object.entries(bundles)) {
    mkdirSync(join(directory, `asset.${name}`));
    writeFileSync(join(directory, `asset.${name}`, "index.cjs"), source);
  }
  const artifacts: Record<string, unknown> = {};
  for (const [stack, template] of Object.entries(
    makeTemplates(Object.keys(bundles), document, callable),
  )) {
    const templateFile = `${stack}.template.json`;
    writeFileSync(join(directory, templateFile), JSON.stringify(template));
    artifacts[stack] = {
      type: "aws:cloudformation:stack",
      environment: "aws://unknown-account/unknown-region",
      properties: { templateFile },
    };
  }
  writeFileSync(join(directory, "manifest.json"), JSON.stringify({ version: "55.0.0", artifacts }));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
