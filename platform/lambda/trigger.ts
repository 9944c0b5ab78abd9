import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, withFunctionName } from "../runtime/log.ts";
import type { Grants, Resources } from "./grants.ts";

/** The contract of a function that the stage's own user pool calls before it continues. */
export type TriggerContract = {
  kind: "trigger";
  summary: string;
  /** When it is called: before tokens are made. */
  on: "tokens";
  grants: Grants;
} & Resources;

/**
 * A trigger of a Cognito user pool: it returns its event, with changes in `response`. Cognito waits
 * five seconds, and refuses the sign-in if it throws.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
 */
export function trigger<Event, const C extends Omit<TriggerContract, "kind">>(
  declaration: C,
  handle: (event: Event) => Promise<Event>,
) {
  const contract = { kind: "trigger", ...declaration } as C & { kind: "trigger" };
  withFunctionName(handle, `trigger ${contract.on}`);

  async function handler(event: Event, context?: TimeLeft): Promise<Event> {
    beginInvocation(context);
    try {
      return await handle(event);
    } catch (error) {
      logFault("A trigger of the user pool failed", error);
      // Users who sign in see this message.
      throw new Error("Signing in does not work just now");
    }
  }

  return { contract, handler };
}
