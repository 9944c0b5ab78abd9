import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkStageAccount } from "../../bin/deploy/preflight.ts";
import { functionName } from "../../lib/stages/names.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { AwsAccount } from "../aws/account.ts";
import {
  type Asked,
  account,
  certificate,
  instead,
  own,
  said,
  useAccount,
} from "../aws/preflight-account.ts";

/* What is found is not all that AWS may answer: faults, limits, and a restored table. */

useAccount();

test("checks that the credentials may not run are unknown, and name the missing right", async () => {
  account.denied = true;
  const restored = { table: "ovation-prod-2", streamArn: "arn:aws:dynamodb:none" };
  const findings = await checkStageAccount({ ...own, restored });
  expect(findings.map(({ says }) => /^Not checked: ([^.]*)\. /.exec(says)?.[1]).sort()).toEqual([
    "API Gateway's rate",
    "Lambda's executions",
    "SES's sandbox",
    "the backup vault",
    "the bootstrap of eu-central-1",
    "the pool's sender",
    "the restored table",
  ]);
  for (const { fix, isUnknown } of findings) {
    expect(isUnknown).toBe(true);
    expect(fix).toMatch(/^Allow \w+:\w+/);
  }
});

/** Errors of each service that the preflight calls, from its API reference. */
const documented: [string, (asked: Asked) => boolean, [number, string][]][] = [
  [
    "CloudFormation DescribeStacks",
    ({ body }) => body.includes("Action=DescribeStacks"),
    [
      ...[
        [400, "Throttling"],
        [500, "InternalFailure"],
        [503, "ServiceUnavailable"],
      ],
      ...[
        [403, "AccessDenied"],
        [403, "ExpiredToken"],
        [400, "ValidationError"],
      ],
    ] as [number, string][],
  ],
  [
    "Lambda GetAccountSettings and GetFunctionConcurrency",
    ({ url }) => url.includes("account-settings") || url.endsWith("/concurrency"),
    [
      ...[
        [500, "ServiceException"],
        [429, "TooManyRequestsException"],
      ],
      ...[
        [400, "InvalidParameterValueException"],
        [404, "ResourceNotFoundException"],
      ],
    ] as [number, string][],
  ],
  [
    "Service Quotas GetServiceQuota and GetAWSDefaultServiceQuota",
    ({ target }) => target.startsWith("ServiceQuotas"),
    [
      ...[
        [400, "AccessDeniedException"],
        [400, "IllegalArgumentException"],
      ],
      ...[
        [400, "NoSuchResourceException"],
        [500, "ServiceException"],
      ],
      ...[
        [400, "TooManyRequestsException"],
        [400, "DependencyAccessDeniedException"],
      ],
    ] as [number, string][],
  ],
  [
    "SES GetEmailIdentity and GetAccount",
    ({ url }) => url.startsWith("/v2/email/"),
    [
      [400, "BadRequestException"],
      [404, "NotFoundException"],
      [429, "TooManyRequestsException"],
    ],
  ],
  [
    "AWS Backup ListBackupVaults",
    ({ url }) => url.startsWith("/backup-vaults/"),
    [
      ...[
        [400, "InvalidParameterValueException"],
        [400, "MissingParameterValueException"],
      ],
      ...[
        [400, "ResourceNotFoundException"],
        [500, "ServiceUnavailableException"],
      ],
    ] as [number, string][],
  ],
  [
    "ACM DescribeCertificate",
    ({ target }) => target.startsWith("CertificateManager"),
    [
      [400, "InvalidArnException"],
      [400, "ResourceNotFoundException"],
      [400, "ThrottlingException"],
    ],
  ],
  [
    "Route 53 GetHostedZone",
    ({ url }) => url.includes("/hostedzone/"),
    [
      [400, "InvalidInput"],
      [404, "NoSuchHostedZone"],
      [400, "Throttling"],
    ],
  ],
  [
    "DynamoDB DescribeTable, DescribeTimeToLive and DescribeContinuousBackups",
    ({ target }) => target.startsWith("DynamoDB_"),
    [
      ...[
        [500, "InternalServerError"],
        [400, "ResourceNotFoundException"],
      ],
      ...[
        [400, "TableNotFoundException"],
        [400, "InvalidEndpointException"],
      ],
    ] as [number, string][],
  ],
];

test.each(documented)(
  "every documented error of %s is reported in a sentence",
  async (_, isMeant, errors) => {
    const everything: Stage = {
      ...own,
      domain: { name: "a.acme.com", certificate: certificate("us-east-1"), zone: zoneOfAcme },
      restored: { table: "ovation-prod-2", streamArn: "arn:aws:dynamodb:none" },
      backupCopy: "arn:aws:backup:eu-west-1:111122223333:backup-vault:copies",
    };
    for (const [status, name] of [...errors, [502, "not JSON"] as [number, string]]) {
      let met = 0;
      instead.fault = (asked) => {
        if (!isMeant(asked)) return undefined;
        met++;
        const isXml = asked.url.includes("hostedzone") || asked.body.startsWith("Action");
        const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>so</Message></Error></ErrorResponse>`;
        const body = isXml ? xml : JSON.stringify({ __type: name, message: "so" });
        return { status, body: name === "not JSON" ? "<html>Bad Gateway" : body, type: name };
      };
      const findings = await checkStageAccount(everything);
      expect([name, met > 0, findings.length > 0]).toEqual([name, true, true]);
      for (const { says, fix } of findings) {
        expect(says).not.toMatch(/undefined|\bat .*\.ts|NaN|\[object/);
        expect(says.split("\n").length).toBe(1);
        expect(fix).not.toBe("");
      }
    }
  },
  120_000,
);

const zoneOfAcme = { id: "Z1", name: "acme.com" };

test("without a granted quota AWS's default applies", async () => {
  account.rate = undefined;
  expect(await said(own)).toEqual([
    "API Gateway's throttle rate in eu-central-1 is 10000 requests/s; prod allows 18000",
  ]);
});

test("others' reservations are subtracted, and the stage's own are not counted twice", async () => {
  const reserved = Object.values(own.reservedConcurrency).reduce((sum, one) => sum + one, 0);
  account.reservedByOthers = 1_000 - reserved - 399;
  expect(await said(own)).toEqual([
    `399 executions would stay unreserved in eu-central-1, 400 are required: prod reserves ${reserved}, others ${account.reservedByOthers}`,
  ]);
  account.reservedByOthers--;
  expect(await said(own)).toEqual([]);
  // Reservations of the previous release: the new deployment replaces them.
  account.reserved = { "ovation-prod-auth-http": reserved, "ovation-prod-webhooks-deliver": 128 };
  expect(await said(own)).toEqual([]);
});

test("a repeated deployment makes fewer calls than the 15 a second that Lambda accepts", async () => {
  const reserved = Object.entries(own.reservedConcurrency);
  account.reserved = Object.fromEntries(
    reserved.map(([name, most]) => [functionName("prod", name), most]),
  );
  let left = 15;
  instead.fault = ({ url }) =>
    url.endsWith("/concurrency") && left-- <= 0
      ? { status: 429, body: "{}", type: "TooManyRequestsException" }
      : undefined;
  expect(await said(own)).toEqual([]);
});

describe("a restored table", () => {
  const name = "ovation-prod-2";
  let tables: AwsAccount;
  beforeAll(async () => {
    tables = new AwsAccount();
  });
  afterAll(() => tables.close());
  const saidOf = async (streamArn = tables.streamOf(name), expiry = "ENABLED") => {
    instead.fault = ({ target, body }) => {
      if (!target.startsWith("DynamoDB_")) return undefined;
      const action = target.split(".")[1]!;
      const { status, body: answer } = tables.ask("dynamodb", action, JSON.parse(body));
      return {
        status,
        body: JSON.stringify(answer).replace('"ENABLED","Attr', `"${expiry}","Attr`),
      };
    };
    return said({ ...own, restored: { table: name, streamArn } });
  };

  test("must exist, with its stream and everything that a restore leaves out", async () => {
    tables.reset();
    expect(await saidOf()).toEqual(["There is no table ovation-prod-2 (`restored`)"]);
    tables.createTable(name);
    expect(await saidOf()).toEqual([
      "ovation-prod-2 has no stream of new and old images",
      "ovation-prod-2 does not expire items by expiresAt",
      "ovation-prod-2 has no point-in-time recovery",
      "ovation-prod-2 is not protected against deletion",
    ]);
    Object.assign(tables.extraOf(name)!, { stream: true, recovery: true, isProtected: true });
    const TimeToLiveSpecification = { Enabled: true, AttributeName: "expiresAt" };
    tables.engine.execute("UpdateTimeToLive", { TableName: name, TimeToLiveSpecification });
    expect(await saidOf()).toEqual([]);
    // AWS may take an hour until expiry is on.
    expect(await saidOf(undefined, "ENABLING")).toEqual([]);
    const other = tables.streamOf("ovation-prod");
    expect(await saidOf(other)).toEqual([
      `${other} (\`restored\`) is not the stream of ovation-prod-2`,
    ]);
  });
});
