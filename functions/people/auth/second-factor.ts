import { removeRolesWithoutSecondFactor } from "../../../platform/auth/second-factor.ts";
import { trigger } from "../../../platform/lambda/trigger.ts";

/**
 * Without a second factor, an admin's token has no roles. Cognito waits only five seconds, half of
 * the function's time limit, so the function can still log what went wrong.
 */
export const { contract, handler } = trigger(
  {
    summary: "Remove roles from the tokens of users without a second factor",
    on: "tokens",
    grants: { userPool: true },
    memoryMegabytes: 512,
  },
  removeRolesWithoutSecondFactor,
);
