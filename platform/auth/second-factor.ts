import * as z from "zod";
import { openClient } from "../aws/aws-client.ts";
import { UserPoolClient } from "../aws/client-user-pool.ts";
import { lazy } from "../runtime/caches.ts";
import type { Role } from "./caller.ts";

/** Groups of a pool that are roles here; all other groups belong to the application. */
const roles: readonly string[] = ["admin", "service"] satisfies Role[];

/** The fields of the event before tokens are made that are used (version 1: ID tokens). */
export type TokenEvent = {
  userPoolId: string;
  userName: string;
  request: { groupConfiguration?: { groupsToOverride?: readonly string[] | null } | null };
  response: unknown;
};

const pools = lazy(() => openClient(UserPoolClient));

const Factors = z.object({ UserMFASettingList: z.array(z.string()).default([]) });

/**
 * Removes the roles from the groups of a user who signs in without a second factor: a pool can
 * require one of all its users or of none. Cognito asks users who have set one up for it at every
 * sign-in. Throws if this cannot be checked, so that nobody with a role gets in without a second
 * factor.
 * https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
 */
export async function removeRolesWithoutSecondFactor(event: TokenEvent): Promise<TokenEvent> {
  const groups = event.request.groupConfiguration?.groupsToOverride ?? [];
  if (!groups.some((name) => roles.includes(name))) return event;
  const user = Factors.parse(await pools().getUser(event));
  if (user.UserMFASettingList.length > 0) return event;
  const groupsToOverride = groups.filter((name) => !roles.includes(name));
  return {
    ...event,
    response: { claimsOverrideDetails: { groupOverrideDetails: { groupsToOverride } } },
  };
}
