import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { logFault, named } from "../runtime/log.ts";
import type { Grants, Resources } from "./grants.ts";

/** The contract of a function that the stage's own user pool asks before it goes on. */
export type TriggerContract = {
  kind: "trigger";
  summary: string;
  /** The moment at which it is asked: before tokens are made. */
  on: "tokens";
  grants: Grants;
} & Resources;

/**
 * A trigger of a Cognito user pool: it answers the event that it was given, with its wishes in
 * `response`. Cognito waits five seconds, and refuses the sign-in when it throws.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
 */
export function trigger<Event, const C extends Omit<TriggerContract, "kind">>(
  declaration: C,
  handle: (event: Event) => Promise<Event>,
) {
  const contract = { kind: "trigger", ...declaration } as C & { kind: "trigger" };
  named(handle, `trigger ${contract.on}`);

  async function handler(event: Event, context?: TimeLeft): Promise<Event> {
    beginInvocation(context);
    try {
      return await handle(event);
    } catch (error) {
      logFault("A trigger of the user pool failed", error);
      // The user who signs in is shown this.
      throw new Error("Signing in does not work just now");
    }
  }

  return { contract, handler };
}
