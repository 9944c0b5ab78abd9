import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { lambdaBundle } from "../../../bin/build/lambda-bundle.ts";

const names = ["connect", "disconnect", "say"] as const;

const functionOf = (name: string) => ({
  Type: "AWS::Lambda::Function",
  Properties: {
    FunctionName: `broadcaster-${name}`,
    Handler: "index.handler",
    Role: { "Fn::GetAtt": ["Role", "Arn"] },
    Timeout: 29,
    MemorySize: 1769,
    Environment: {
      Variables: {
        TABLE_NAME: { Ref: "Connections" },
        WS_ENDPOINT: {
          "Fn::Sub": `https://\${Sockets}.execute-api.\${AWS::Region}.amazonaws.com/ws`,
        },
      },
    },
  },
  Metadata: { "aws:asset:path": "asset.broadcaster" },
});

const integrationOf = (name: string) => ({
  Type: "AWS::ApiGatewayV2::Integration",
  Properties: {
    ApiId: { Ref: "Sockets" },
    IntegrationType: "AWS_PROXY",
    IntegrationUri: {
      "Fn::Sub": `arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:broadcaster-${name}/invocations`,
    },
  },
});

const routeOf = (name: string) => ({
  Type: "AWS::ApiGatewayV2::Route",
  Properties: {
    ApiId: { Ref: "Sockets" },
    RouteKey: name === "say" ? "say" : `$${name}`,
    Target: { "Fn::Join": ["", ["integrations/", { Ref: `Integration${name}` }]] },
  },
});

const template = {
  Resources: {
    Connections: {
      Type: "AWS::DynamoDB::GlobalTable",
      Properties: {
        TableName: "broadcaster-connections",
        KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
      },
    },
    Role: {
      Type: "AWS::IAM::Role",
      Properties: {
        Policies: [
          {
            PolicyDocument: {
              Statement: [
                {
                  Effect: "Allow",
                  Action: ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Scan"],
                  Resource: { "Fn::GetAtt": ["Connections", "Arn"] },
                },
                { Effect: "Allow", Action: "execute-api:ManageConnections", Resource: "*" },
              ],
            },
          },
        ],
      },
    },
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
    ...Object.fromEntries(
      names.flatMap((name): [string, object][] => [
        [`Function${name}`, functionOf(name)],
        [`Integration${name}`, integrationOf(name)],
        [`Route${name}`, routeOf(name)],
      ]),
    ),
  },
};

/** Writes the broadcaster's assembly, with its one bundle, into an empty folder. */
export async function writeBroadcaster(directory: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "broadcaster-function.ts")],
    outfile: join(directory, "asset.broadcaster/index.cjs"),
    ...lambdaBundle,
  });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "sockets.template.json"), JSON.stringify(template));
  const sockets = {
    type: "aws:cloudformation:stack",
    environment: "aws://unknown-account/unknown-region",
    properties: { templateFile: "sockets.template.json" },
  };
  const manifest = { version: "55.0.0", artifacts: { sockets } };
  writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
}
