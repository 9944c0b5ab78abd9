import { withoutUnprovenRoles } from "../../platform/second-factor.ts";
import { trigger } from "../../platform/trigger.ts";

/**
 * Admins prove themselves twice: without a second factor their token is that of anybody. Cognito
 * gives up after five seconds; the function has the time to say what went wrong all the same.
 */
export const { contract, handler } = trigger(
  {
    says: "Take roles out of the token of whoever has no second factor",
    on: "tokens",
    grants: { userPool: true },
    memoryMegabytes: 512,
  },
  withoutUnprovenRoles,
);
