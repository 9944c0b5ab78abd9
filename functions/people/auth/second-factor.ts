import { withoutUnprovenRoles } from "../../../platform/auth/second-factor.ts";
import { trigger } from "../../../platform/lambda/trigger.ts";

/**
 * Admins prove themselves twice: without a second factor their token is that of anybody. Cognito
 * gives up after five seconds; the function has the time to say what went wrong all the same.
 */
export const { contract, handler } = trigger(
  {
    summary: "Remove roles from the tokens of users without a second factor",
    on: "tokens",
    grants: { userPool: true },
    memoryMegabytes: 512,
  },
  withoutUnprovenRoles,
);
