import * as z from "zod";
import type { Queue, Secret, Stage, Table } from "../model.ts";
import { arnOf, nameResource } from "./intrinsics.ts";
import { urlOfQueue } from "./names.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const KeySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }));
const TableProperties = z.object({
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  KeySchema,
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: z.string(), KeySchema, Projection: z.object({}).loose() }))
    .optional(),
  LocalSecondaryIndexes: z.never().optional(),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z
    .object({ AttributeName: z.string().optional(), Enabled: z.coerce.boolean() })
    .optional(),
});

/** The tables, each with the CreateTable request of the same table, always on demand. */
export function readTables(templates: Templates): Table[] {
  const found = findResources(templates, "AWS::DynamoDB::GlobalTable", TableProperties);
  return [...found].map(({ stack, id, properties }) => {
    const name = nameResource(templates, stack, id);
    const timeToLive = properties.TimeToLiveSpecification;
    return {
      name,
      arn: arnOf(templates, stack, id),
      streamArn: `${arnOf(templates, stack, id)}/stream/local`,
      createTable: {
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: properties.AttributeDefinitions,
        KeySchema: properties.KeySchema,
        ...(properties.GlobalSecondaryIndexes && {
          GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes,
        }),
        ...(properties.StreamSpecification && {
          StreamSpecification: { StreamEnabled: true, ...properties.StreamSpecification },
        }),
      },
      ...(timeToLive?.Enabled &&
        timeToLive.AttributeName && { timeToLiveAttribute: timeToLive.AttributeName }),
    };
  });
}

const Redrive = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number(),
});
const QueueProperties = z.object({
  FifoQueue: z.coerce.boolean().default(false),
  ContentBasedDeduplication: z.literal(false).optional(),
  DelaySeconds: z.literal(0).optional(),
  VisibilityTimeout: z.coerce.number().default(30),
  MessageRetentionPeriod: z.coerce.number().default(345_600),
  RedrivePolicy: Redrive.optional(),
});

/** The queues, with SQS's defaults if the template does not override them. */
export function readQueues(templates: Templates): Queue[] {
  return [...findResources(templates, "AWS::SQS::Queue", QueueProperties)].map(
    ({ stack, id, properties }) => ({
      name: nameResource(templates, stack, id),
      arn: arnOf(templates, stack, id),
      url: urlOfQueue(templates, nameResource(templates, stack, id)),
      fifo: properties.FifoQueue,
      visibilitySeconds: properties.VisibilityTimeout,
      retentionSeconds: properties.MessageRetentionPeriod,
      ...(properties.RedrivePolicy && {
        redrive: {
          queueArn: properties.RedrivePolicy.deadLetterTargetArn,
          receiveCountMax: properties.RedrivePolicy.maxReceiveCount,
        },
      }),
    }),
  );
}

/** The buckets to which event sources write failed batches. */
export function readBuckets(templates: Templates): Stage["buckets"] {
  return [...findResources(templates, "AWS::S3::Bucket", z.object({}))].map(({ stack, id }) => ({
    name: nameResource(templates, stack, id),
    arn: arnOf(templates, stack, id),
  }));
}

const SecretProperties = z.object({
  GenerateSecretString: z
    .object({
      PasswordLength: z.number().default(32),
      SecretStringTemplate: z.never().optional(),
    })
    .optional(),
});

/** The secrets, without values, which the runner supplies. */
export function readSecrets(templates: Templates): Secret[] {
  return [...findResources(templates, "AWS::SecretsManager::Secret", SecretProperties)].map(
    ({ stack, id, properties }) => ({
      name: nameResource(templates, stack, id),
      arn: arnOf(templates, stack, id),
      ...(properties.GenerateSecretString && { generate: properties.GenerateSecretString }),
    }),
  );
}
