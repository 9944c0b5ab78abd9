import { setTimeout as sleep } from "node:timers/promises";
import { type AwsAnswer, AwsFailure, type AwsRequest, type Prepare } from "./failure.ts";
import { type Faults, failureOfFault, toConflict } from "./faults.ts";
import type { Iam } from "./iam.ts";

/** The dependencies of call handling; `services` by their signing names. */
export type Services = {
  iam: Iam;
  faults: Faults;
  services: Record<string, Prepare>;
  /** The secret of the runner's own credentials. */
  runnerSecret: string;
  log: (line: string) => void;
};

/** `lost` closes the connection without a response, `silence` leaves it open without a response. */
export type Outcome = AwsAnswer | "lost" | "silence";

/** One incoming call. */
type Incoming = {
  /** Returns the call; throws an AwsFailure for an unreadable one. */
  read(): AwsRequest | Promise<AwsRequest>;
  /** Whether the caller has disconnected, as every caller has when the runner stops. */
  isGone(): boolean;
};

/**
 * Handles one call: checks the caller's policies, applies faults, counts charges. Never rejects: a
 * failure is a response; an internal failure is logged if the caller still waits.
 */
export async function answerCall(services: Services, call: Incoming): Promise<Outcome> {
  try {
    return await perform(services, await call.read());
  } catch (error) {
    if (error instanceof AwsFailure) return answerFailure(error);
    if (call.isGone()) return "lost";
    services.log(`The local AWS endpoint failed: ${(error as Error)?.stack ?? error}`);
    return answerFailure(new AwsFailure(500, "InternalFailure", "The local AWS endpoint failed"));
  }
}

async function perform(of: Services, request: AwsRequest): Promise<Outcome> {
  const { caller, service, operation } = request;
  const prepare = Object.hasOwn(of.services, service) ? of.services[service] : undefined;
  if (prepare === undefined) {
    const message = `The local endpoint does not have ${service}:${operation}`;
    throw new AwsFailure(400, "UnknownOperationException", message);
  }
  const prepared = prepare(request);
  of.iam.check(caller, prepared.access);
  const target = { caller, service, operation, keys: prepared.keys };
  const fault = of.faults.find(target);
  if (fault === undefined) return prepared.run();
  switch (fault.kind) {
    case "delay":
      await sleep(fault.delayMilliseconds);
      return prepared.run();
    case "condition_as_conflict": {
      const answer = await prepared.run();
      const told = toConflict(fault, prepared.keys(), answer);
      if (told === undefined) of.faults.spare(fault);
      return told ?? answer;
    }
    case "error_after_commit":
    case "timeout_after_commit":
    case "silence_after_commit":
      // The response is lost even if the service refuses the call.
      await runUnheard(prepared.run);
  }
  if (fault.kind.startsWith("silence")) return "silence";
  const failure = failureOfFault(fault.kind, target, prepared.itemCount);
  if (failure) throw failure;
  return "lost";
}

async function runUnheard(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
  }
}

/** A refusal in the form of the JSON protocols, which clients of the other protocols accept too. */
export function answerFailure({ status, type, message, body }: AwsFailure): AwsAnswer {
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": type },
    body: JSON.stringify({ __type: type, message, ...body }),
  };
}
