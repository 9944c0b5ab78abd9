import { spawn } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { type EmbeddedEngine, openEmbeddedEngine, writeAnswer } from "../../local/engine/index.ts";
import { listen } from "../../local/reachable.ts";
import { outputOf } from "../system.ts";

/*
 * An AWS account that answers as AWS documents it: DynamoDB is the runner's engine, the control
 * planes of what operators' commands call are here. Changes of a table take a while, as on AWS: it
 * is UPDATING for one look.
 */

type Body = Record<string, unknown>;
type Answer = { status: number; body: Body | string };
type Handler = (asked: Asked) => Answer | Body | undefined;

/** One call as a service gets it. */
export type Asked = {
  /** The access key that signed it. */
  signer: string;
  service: string;
  region: string;
  method: string;
  path: string;
  action: string;
  body: Body;
  /** As it was sent: services of the query protocol have no JSON. */
  text: string;
};

/** What the account's other tables have in addition to what the engine knows of them. */
type Extra = {
  stream: boolean;
  recovery: boolean;
  isProtected: boolean;
  /** Request units a second for which it is warm. */
  warm: { reads: number; writes: number };
  busy: number;
};

/** The state of a new table, and of a restored one. */
const fresh = {
  stream: false,
  recovery: false,
  isProtected: false,
  busy: 1,
  warm: { reads: 12_000, writes: 4_000 },
};

const failure = (status: number, name: string, message: string): Answer => ({
  status,
  body: { __type: name, message },
});

/** The account, which a test changes as it likes. */
export class AwsAccount {
  readonly id = "111122223333";
  readonly engine: EmbeddedEngine = openEmbeddedEngine(":memory:");
  /** Every call so far. */
  readonly asked: Asked[] = [];
  /** Completed backups, in the vault named, by their time. */
  readonly backups: { vault: string; at: Date; items: Body[]; status?: string }[] = [];
  /** Event source mappings by their function, and whether they are enabled. */
  readonly mappings = new Map<string, { FunctionName: string; State: string }>();
  /** What is answered before anything else: a test's own faults. */
  before: Handler = () => undefined;
  private readonly tables = new Map<string, Extra>();
  private readonly restores = new Map<string, { looks: number; to: string }>();
  private readonly server = createServer((incoming, outgoing) => {
    void this.serve(incoming).then(({ status, body }) => {
      const isXml = typeof body === "string";
      outgoing.writeHead(status, {
        "content-type": isXml ? "text/xml" : "application/x-amz-json-1.0",
      });
      outgoing.end(isXml ? body : writeAnswer(body));
    });
  });

  async open(): Promise<Record<string, string>> {
    const port = await listen(this.server);
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_REGION: "eu-central-1",
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    this.engine.close();
  }

  /** Makes a table of the stage's form; `items` are in DynamoDB's own notation. */
  createTable(name: string, items: Body[] = [], extra: Partial<Extra> = {}): void {
    const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
    const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
    const made = this.engine.execute("CreateTable", {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [text("PK"), text("SK"), text("duePK"), text("dueSK")],
      KeySchema: [key("PK", "HASH"), key("SK", "RANGE")],
      GlobalSecondaryIndexes: [
        {
          IndexName: "due",
          KeySchema: [key("duePK", "HASH"), key("dueSK", "RANGE")],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    });
    if (made.status !== 200) throw new Error(JSON.stringify(made.body));
    for (const Item of items) this.engine.execute("PutItem", { TableName: name, Item });
    this.tables.set(name, { ...fresh, ...extra });
  }

  /** Forgets tables, backups and calls. */
  reset(): void {
    for (const TableName of this.tables.keys()) this.engine.execute("DeleteTable", { TableName });
    this.tables.clear();
    for (const list of [this.backups, this.asked]) list.length = 0;
    this.mappings.clear();
    this.before = () => undefined;
  }

  /** The items of a table now. */
  itemsOf(TableName: string): Body[] {
    return this.engine.execute("Scan", { TableName }).body.Items as Body[];
  }

  /** The names of all tables. */
  tableNames = (): string[] => [...this.tables.keys()];

  /** What the account knows of a table in addition to its items. */
  extraOf = (name: string): Extra | undefined => this.tables.get(name);

  /** What a service answers to a call, without a request. */
  ask(service: string, action: string, body: Body): { status: number; body: Body | string } {
    const where = { signer: "", service, region: "", method: "POST", path: "/" };
    const asked = { ...where, action, body, text: "" };
    const given = this.answer(asked);
    return "status" in given && "body" in given
      ? (given as Answer)
      : { status: 200, body: given as Body };
  }

  private async serve(incoming: IncomingMessage): Promise<Answer> {
    const parts: Buffer[] = [];
    for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const { method = "", url = "", headers } = incoming;
    const [, signer = "", region = "", service = ""] =
      /Credential=([^/]+)\/\d+\/([\w-]+)\/([\w-]+)\//.exec(headers.authorization ?? "") ?? [];
    const action = String(headers["x-amz-target"] ?? "")
      .split(".")
      .at(-1)!;
    let body: Body = {};
    if (text[0] === "{") body = JSON.parse(text) as Body;
    const asked = { signer, service, region, method, path: url, action, body, text };
    this.asked.push(asked);
    const given = this.before(asked) ?? this.answer(asked);
    return "status" in given && "body" in given
      ? (given as Answer)
      : { status: 200, body: given as Body };
  }

  private answer(asked: Asked): Answer | Body {
    const { service } = asked;
    if (service === "dynamodb") return this.answerTable(asked);
    if (service === "backup") return this.answerBackup(asked);
    if (service === "lambda") return this.answerMappings(asked);
    return failure(400, "UnknownOperationException", `${service} ${asked.action} ${asked.path}`);
  }

  private answerTable({ action, body }: Asked): Answer | Body {
    // These name the table with each item.
    if (/^(Batch|Transact)/.test(action)) return this.engine.execute(action, body);
    const name = String(body.TableName);
    const extra = this.tables.get(name);
    if (action === "RestoreTableToPointInTime") {
      const source = String(body.SourceTableName);
      if (!this.tables.has(source))
        return failure(400, "TableNotFoundException", `Table not found: ${source}`);
      this.createTable(String(body.TargetTableName), this.itemsOf(source));
      return { TableDescription: { TableStatus: "CREATING" } };
    }
    if (extra === undefined)
      return failure(400, "ResourceNotFoundException", "Requested resource not found");
    if (action === "UpdateTable") return this.updateTable(extra, body);
    if (action === "UpdateContinuousBackups") {
      extra.recovery = true;
      return {};
    }
    if (action === "DescribeContinuousBackups") {
      const PointInTimeRecoveryStatus = extra.recovery ? "ENABLED" : "DISABLED";
      return {
        ContinuousBackupsDescription: {
          ContinuousBackupsStatus: "ENABLED",
          PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus },
        },
      };
    }
    if (action === "DeleteTable") {
      if (extra.isProtected)
        return failure(400, "ValidationException", "Resource cannot be deleted as it is protected");
      this.tables.delete(name);
    }
    const answer = this.engine.execute(action, body);
    if (action !== "DescribeTable" || answer.status !== 200) return answer;
    const Table = {
      ...(answer.body.Table as Body),
      TableArn: this.arnOf(name),
      TableStatus: extra.busy-- > 0 ? "UPDATING" : "ACTIVE",
      DeletionProtectionEnabled: extra.isProtected,
      WarmThroughput: {
        ReadUnitsPerSecond: extra.warm.reads,
        WriteUnitsPerSecond: extra.warm.writes,
      },
      ...(extra.stream && {
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
        LatestStreamArn: this.streamOf(name),
      }),
    };
    return { Table };
  }

  private updateTable(extra: Extra, body: Body): Answer | Body {
    if (extra.busy > 0)
      return failure(400, "ResourceInUseException", "Attempt to change a resource which is in use");
    if (body.StreamSpecification !== undefined) {
      if (extra.stream)
        return failure(400, "ValidationException", "Table already has an enabled stream");
      extra.stream = true;
    }
    if (body.DeletionProtectionEnabled === true) extra.isProtected = true;
    const { ReadUnitsPerSecond: reads, WriteUnitsPerSecond: writes } = (body.WarmThroughput ??
      {}) as Record<string, number>;
    if (reads !== undefined && writes !== undefined) {
      if (reads < extra.warm.reads || writes < extra.warm.writes)
        return failure(400, "ValidationException", "Warm throughput cannot be decreased");
      extra.warm = { reads, writes };
    }
    extra.busy = 1;
    return {};
  }

  /** The ARN of a table. */
  arnOf = (name: string) => `arn:aws:dynamodb:eu-central-1:${this.id}:table/${name}`;

  /** The ARN of a table's stream. */
  streamOf = (name: string) => `${this.arnOf(name)}/stream/2026-11-22T00:00:00.000`;

  private answerBackup({ method, path, body }: Asked): Answer | Body {
    const [, vault] = /^\/backup-vaults\/([\w-]+)\/recovery-points\//.exec(path) ?? [];
    if (vault !== undefined) {
      const RecoveryPoints = this.backups.flatMap((one, at) =>
        one.vault !== vault
          ? []
          : {
              RecoveryPointArn: `arn:aws:backup:eu-central-1:${this.id}:recovery-point:${at}`,
              Status: one.status ?? "COMPLETED",
              CreationDate: one.at.getTime() / 1000,
            },
      );
      return { RecoveryPoints };
    }
    if (method === "PUT" && path === "/restore-jobs") {
      const at = Number(String(body.RecoveryPointArn).split(":").at(-1));
      const { targetTableName } = body.Metadata as { targetTableName: string };
      this.createTable(targetTableName, this.backups[at]!.items);
      const RestoreJobId = `job-${this.restores.size}`;
      this.restores.set(RestoreJobId, { looks: 0, to: targetTableName });
      return { RestoreJobId };
    }
    const job = this.restores.get(path.split("/").at(-1)!);
    if (job === undefined) return failure(400, "ResourceNotFoundException", "Cannot find job");
    const Status = ["PENDING", "RUNNING"][job.looks++] ?? "COMPLETED";
    return { Status };
  }

  private answerMappings({ method, path, body }: Asked): Answer | Body {
    const [route = "", query = ""] = path.split("?");
    const id = route.split("/").at(-1)!;
    if (method === "GET" && (id === "" || id === "event-source-mappings")) {
      const all = [...this.mappings].map(([UUID, { FunctionName, State }]) => ({
        UUID,
        FunctionArn: `arn:aws:lambda:eu-central-1:${this.id}:function:${FunctionName}`,
        State,
      }));
      // Two pages, as a long list has them.
      const half = Math.ceil(all.length / 2);
      return query.includes("Marker")
        ? { EventSourceMappings: all.slice(half) }
        : { EventSourceMappings: all.slice(0, half), NextMarker: "more" };
    }
    const mapping = this.mappings.get(id);
    if (method === "PUT" && mapping !== undefined) {
      mapping.State = body.Enabled === true ? "Enabled" : "Disabled";
      return { status: 202, body: { UUID: id, State: mapping.State } };
    }
    return failure(404, "ResourceNotFoundException", "The resource you requested does not exist.");
  }
}

/** What a program of `bin/` said, and its exit code. */
export type Ran = { status: number | null; stdout: string; stderr: string };

/** Runs a program of `bin/` with an account's settings. */
export function runProgram(
  program: string,
  options: readonly string[],
  settings: Record<string, string>,
): Promise<Ran> {
  const path = join(import.meta.dirname, "../../bin", program);
  const env = { ...process.env, NODE_OPTIONS: "", AWS_CONFIG_FILE: "/nowhere", ...settings };
  const child = spawn(process.execPath, [path, ...options], { env });
  const stdout = outputOf(child.stdout);
  const stderr = outputOf(child.stderr);
  return new Promise((done) =>
    child.on("close", (status) => done({ status, stdout: stdout(), stderr: stderr() })),
  );
}

/** An account that is open during a file's tests, and the settings with which programs reach it. */
export function useAccount(): { account: AwsAccount; settings: Record<string, string> } {
  const account = new AwsAccount();
  const settings: Record<string, string> = {};
  beforeAll(async () => void Object.assign(settings, await account.open()));
  afterAll(() => account.close());
  return { account, settings };
}
