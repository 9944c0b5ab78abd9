import { randomUUID } from "node:crypto";
import * as z from "zod";
import { BadRunnerRequest, checkBody } from "../bad-runner-request.ts";
import { type AwsAnswer, AwsFailure } from "./failure.ts";

const kinds = [
  "error_before",
  "error_after_commit",
  "throttle",
  "conflict",
  "condition_as_conflict",
  "delay",
  "timeout",
  "timeout_after_commit",
  "silence",
  "silence_after_commit",
  "gone",
] as const;

const FaultWanted = z.strictObject({
  /** The function's name, or the end of it such as `gifts-create`; any by default. */
  caller: z.string().max(200).optional(),
  /**
   * `dynamodb`, `sqs`, `s3`, `secretsmanager`, `execute-api`; any of AWS by default. Also `lambda`
   * and `issuer`. Any other name is accepted without effect, for example `ses`: no function sends
   * mail.
   */
  service: z.string().max(50).optional(),
  /** `PutItem`, `PostToConnection` …; any by default. */
  operation: z.string().max(100).optional(),
  /**
   * Strikes only requests with a key that has this prefix: `PK/SK` of an item, a connection's id,
   * the name of a queue, secret or function, or an object's `key` and `bucket/key` (for a listing,
   * its prefix).
   */
  keyPrefix: z.string().max(1000).optional(),
  kind: z.enum(kinds),
  /** The maximum number of requests that the fault affects. */
  count: z.int().min(1).max(1_000_000).default(1),
  /** The probability of affecting a matching request, in percent. */
  percent: z.number().min(0).max(100).default(100),
  delayMilliseconds: z.int().min(0).max(60_000).default(1000),
});

/** A fault requested by a test, and how many requests it has affected. */
type Fault = z.infer<typeof FaultWanted> & { id: string; struck: number };

/** A request that a fault may match; keys are computed only for faults with a key prefix. */
type FaultTarget = {
  caller: string;
  service: string;
  operation: string;
  keys(): string[];
  /** Affected only by faults that name its service. */
  onlyNamed?: true;
};

/** Faults that local engines do not produce; each affected request is counted. */
export type Faults = {
  /** Refuses an invalid fault. */
  add(wanted: unknown): Fault;
  list(): Fault[];
  clear(): void;
  /** The first matching fault, already counted; usually `undefined`. */
  find(target: FaultTarget): Fault | undefined;
  /** Undoes the count of a fault that had no effect, so that it waits for another request. */
  spare(fault: Fault): void;
};

const faultCountMax = 100;

/** Creates an empty list. */
export function createFaults(): Faults {
  let faults: Fault[] = [];
  return {
    add(wanted) {
      const fault = { ...checkBody(FaultWanted, wanted), id: randomUUID(), struck: 0 };
      if (faults.length >= faultCountMax)
        throw new BadRunnerRequest([`at most ${faultCountMax} faults`]);
      faults = [...faults, fault];
      return fault;
    },
    list: () => faults,
    clear() {
      faults = [];
    },
    find(target) {
      if (faults.length === 0) return undefined;
      const fault = faults.find((one) => fits(one, target) && Math.random() * 100 < one.percent);
      if (fault) fault.struck++;
      return fault;
    },
    spare(fault) {
      fault.struck--;
    },
  };
}

function fits(fault: Fault, target: FaultTarget): boolean {
  return (
    fault.struck < fault.count &&
    !(target.onlyNamed && fault.service === undefined) &&
    (fault.service ?? target.service) === target.service &&
    (fault.operation ?? target.operation) === target.operation &&
    (fault.caller === undefined ||
      target.caller === fault.caller ||
      target.caller.endsWith(`-${fault.caller}`)) &&
    (fault.keyPrefix === undefined || target.keys().some((key) => key.startsWith(fault.keyPrefix!)))
  );
}

/** The wording of a service's failures and throttles. */
type Words = Record<"error" | "throttle", [status: number, type: string, message: string]>;

const internal = "Internal error (injected)";
const tooOften = "Rate exceeded (injected)";

const refusals: Record<string, Words> = {
  dynamodb: {
    error: [500, "InternalServerError", internal],
    throttle: [400, "ThrottlingException", tooOften],
  },
  sqs: {
    error: [500, "InternalFailure", internal],
    throttle: [400, "com.amazonaws.sqs#RequestThrottled", tooOften],
  },
  s3: {
    error: [500, "InternalError", internal],
    throttle: [503, "SlowDown", "Please reduce your request rate. (injected)"],
  },
  secretsmanager: {
    error: [500, "InternalServiceError", internal],
    throttle: [400, "ThrottlingException", tooOften],
  },
  lambda: {
    error: [500, "ServiceException", internal],
    throttle: [429, "TooManyRequestsException", tooOften],
  },
};

/** The callback side of a WebSocket API, the only remaining service. */
const otherWords: Words = {
  error: [500, "InternalFailure", internal],
  throttle: [429, "LimitExceededException", tooOften],
};

/**
 * The refusal that a fault causes, in the service's words; `undefined` for kinds that are not
 * refusals. `itemCount` is the number of requests in the transaction, each of which gets its
 * cancellation reason.
 */
export function failureOfFault(
  kind: Fault["kind"],
  target: FaultTarget,
  itemCount: number,
): AwsFailure | undefined {
  const words = Object.hasOwn(refusals, target.service) ? refusals[target.service]! : otherWords;
  switch (kind) {
    case "error_before":
    case "error_after_commit":
      return new AwsFailure(...words.error);
    case "throttle":
      return new AwsFailure(...words.throttle);
    case "gone":
      return new AwsFailure(410, "GoneException", "");
    case "conflict": {
      if (!target.operation.startsWith("Transact"))
        return new AwsFailure(400, "TransactionConflictException", conflictReason.Message);
      const { message, ...rest } = cancelled(Array(itemCount).fill(conflictReason));
      return new AwsFailure(400, "TransactionCanceledException", message, rest);
    }
    default:
      return undefined;
  }
}

type Reason = { Code: string; Message?: string };
type Cancellation = { CancellationReasons?: Reason[] };

const conflictReason = {
  Code: "TransactionConflict",
  Message: "Transaction is ongoing for the item",
};

function cancelled(CancellationReasons: Reason[]) {
  const codes = CancellationReasons.map(({ Code }) => Code).join(", ");
  const refer = "please refer cancellation reasons for specific reasons";
  return { message: `Transaction cancelled, ${refer} [${codes}]`, CancellationReasons };
}

/**
 * Rewrites the response of a cancelled transaction: one failed condition becomes a conflict.
 * DynamoDB reports this if a third transaction locks that item, since it evaluates each item
 * separately. The item is the first whose condition failed and whose key (in the order of the
 * reasons) has the fault's `keyPrefix`; `undefined` if there is none.
 */
export function toConflict(
  fault: Fault,
  keys: readonly string[],
  answer: AwsAnswer,
): AwsAnswer | undefined {
  if (answer.status === 200) return undefined;
  const text = typeof answer.body === "string" ? answer.body : Buffer.from(answer.body).toString();
  const told = JSON.parse(text) as Cancellation;
  const reasons = told.CancellationReasons ?? [];
  const at = reasons.findIndex(
    ({ Code }, index) =>
      Code === "ConditionalCheckFailed" && (keys[index] ?? "").startsWith(fault.keyPrefix ?? ""),
  );
  if (at < 0) return undefined;
  const CancellationReasons = reasons.with(at, conflictReason);
  const body = JSON.stringify({ ...told, ...cancelled(CancellationReasons) });
  return { ...answer, body };
}
