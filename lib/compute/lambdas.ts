import { join } from "node:path";
import { AssetHashType, Duration } from "aws-cdk-lib";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as Lambda,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  RuntimeManagementMode,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { defaults, memoryOf } from "../../platform/lambda/grants.ts";
import { flatName, functionName, separateBundlesFlag } from "../stages/names.ts";
import { type Row, rowsOf } from "../stages/route-table.ts";
import { environmentOf } from "./environment.ts";
import { type Statement, statementsOf, withRelay } from "./grants.ts";
import type { Site } from "./site.ts";

const dist = join(import.meta.dirname, "../../dist");

/** A function's bundle, or a placeholder for it. */
function codeOf({ scope }: Site, name: string): Code {
  if (scope.node.tryGetContext(separateBundlesFlag) !== true)
    return Code.fromAsset(join(dist, flatName(name)));
  // If an asset's folder already exists, CDK copies nothing, whatever the source.
  return Code.fromAsset(import.meta.dirname, {
    assetHash: flatName(name),
    assetHashType: AssetHashType.CUSTOM,
  });
}

/**
 * One row of the route table as a Lambda with its own role: the log of its API, its contract's
 * grants, and `more` for its event source (a stream, a queue). Its bundle is `dist/<name>`.
 */
export function addFunction(site: Site, row: Row, more: readonly Statement[] = []): Lambda {
  const { scope, stage, logGroup, values, resources } = site;
  const { name, contract } = row;
  const flat = flatName(name);
  const writeLog: Statement = {
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: logGroup.logGroupArn,
  };
  const statements = [writeLog, ...statementsOf(withRelay(contract, stage), resources), ...more];
  const role = new Role(scope, `${flat}-role`, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: { own: PolicyDocument.fromJson({ Statement: statements }) },
  });
  const reserved = stage.reservedConcurrency[name];
  const environment = environmentOf(contract, stage, values);
  return new Lambda(scope, flat, {
    functionName: functionName(stage.name, name),
    description: contract.summary,
    code: codeOf(site, name),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: stage.memoryMegabytes[name] ?? memoryOf(contract),
    timeout: Duration.seconds(contract.timeoutSeconds ?? defaults.timeoutSeconds),
    environment,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // Otherwise Lambda logs two lines per event, which at high volume cost more than the calls.
    systemLogLevelV2: SystemLogLevel.WARN,
    applicationLogLevelV2: ApplicationLogLevel.INFO,
    // Posts use Node's own undici, found by an undocumented symbol
    // (docs/decisions/code-structure.md), so the runtime changes only with a tested deployment.
    ...("WS_ENDPOINT" in environment && {
      runtimeManagementMode: RuntimeManagementMode.FUNCTION_UPDATE,
    }),
    ...(asksItself(row) && { recursiveLoop: RecursiveLoop.ALLOW }),
    ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
  });
}

/**
 * Whether a function's queue messages may return to it, directly or through other functions, for
 * remaining work or work that is not due yet. By default Lambda treats such a chain as a loop and
 * stops it after 16 invocations.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
function asksItself(row: Row): boolean {
  const reached = new Set<Row>();
  const readers = rowsOf("consumer");
  const visit = ({ contract }: Row): void => {
    for (const queue of contract.grants.queues ?? [])
      for (const reader of readers) {
        const { on } = reader.contract;
        if (!("queue" in on) || on.queue !== queue || reached.has(reader)) continue;
        reached.add(reader);
        visit(reader);
      }
  };
  visit(row);
  return [...reached].some(({ name }) => name === row.name);
}
