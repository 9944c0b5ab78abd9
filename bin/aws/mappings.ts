import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  paginateListEventSourceMappings,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { functionName } from "../../lib/stages/names.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { whenReady } from "./restored-table.ts";

/** Attempts while a mapping is being changed, before the command fails. */
const triesMax = 60;

/** A deployment or an earlier run of this command is changing the mapping. */
const isBusy = (error: unknown) => (error as Error).name === "ResourceInUseException";

type Stage = { name: string; region?: string };
type Mapping = EventSourceMappingConfiguration;

async function listMappings(client: LambdaClient, stage: Stage): Promise<Mapping[]> {
  const own = `:function:${functionName(stage.name, "")}`;
  const found: Mapping[] = [];
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {}))
    found.push(...EventSourceMappings);
  return found.filter(({ FunctionArn = "" }) => FunctionArn.includes(own));
}

/**
 * Enables or disables Lambda's reading of the stage's queues and of the table's stream: messages
 * and records stay there meanwhile, without counting as attempts. Returns the number of mappings.
 * https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
 */
export async function switchMappings(
  stage: Stage,
  Enabled: boolean,
  everyMilliseconds: number,
): Promise<number> {
  const client = openClient(LambdaClient, { tryMilliseconds: 10_000, region: stage.region });
  const mappings = await listMappings(client, stage);
  for (const { UUID, State } of mappings) {
    if (State === (Enabled ? "Enabled" : "Disabled")) continue;
    const change = () => client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    await whenReady(everyMilliseconds, change, isBusy, triesMax);
  }
  return mappings.length;
}
