import type { Body } from "./answer.ts";
import { type Attribute, decodeBinary } from "./attribute-value.ts";
import { type ClientSettings, JsonClient } from "./json-client.ts";

/**
 * In the bundles this is the client of `@aws-sdk/client-dynamodb` (bin/build/build.ts). Items in an
 * error stay in DynamoDB's notation, as in the SDK.
 */
export class DynamoDBClient extends JsonClient {
  constructor(settings: ClientSettings) {
    super(
      { name: "dynamodb", target: "DynamoDB_20120810", version: "1.0", pauseBase: 25 },
      settings,
    );
  }

  override async call(operation: string, body: string): Promise<Body> {
    try {
      return await super.call(operation, body);
    } catch (error) {
      const { Item, CancellationReasons = [] } = error as FailureDetails;
      for (const item of [Item, ...CancellationReasons.map((reason) => reason.Item)])
        if (item) Object.values(item).forEach(decodeBinary);
      throw error;
    }
  }
}

type Item = Record<string, Attribute> | undefined;
/** The members of an error that hold items. */
type FailureDetails = { Item?: Item; CancellationReasons?: { Item?: Item }[] };
