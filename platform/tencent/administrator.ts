import type { APIGatewayProxyEvent } from "aws-lambda";
import { refuse } from "../../domain/refusal.ts";
import { setting } from "../runtime/env.ts";
import { getSecretKey, rereadSecretKey } from "./secret.ts";
import { isSignedWith, readUserSig } from "./user-sig.ts";

/** The caller: an administrator's account of an application. */
export type Administrator = { identifier: string; sdkAppId: number };

/** SDKAppIDs are unsigned 32-bit numbers, the first of them far above 0. */
const sdkAppIdMax = 0xffffffff;

/**
 * Authenticates an administrator by the query's `sdkappid`, `identifier` and `usersig`. Order of
 * checks: the application, the UserSig's form, its owner, its signature, its time, the
 * administrator.
 */
export async function admitAdministrator(
  event: APIGatewayProxyEvent,
  now: Date,
): Promise<Administrator> {
  const sdkAppId = readSdkAppId(findValue(event, "sdkappid"));
  const userSig = readUserSig(findValue(event, "usersig") ?? "");
  if (userSig === undefined) refuse("signature_unreadable");
  if (userSig.sdkAppId !== sdkAppId) refuse("signature_of_other_app");
  const { identifier } = userSig;
  if (identifier !== findValue(event, "identifier")) refuse("signature_of_other_account");
  if (!isSignedWith(userSig, await getSecretKey(now))) {
    const secretKey = await rereadSecretKey(now);
    if (secretKey === undefined || !isSignedWith(userSig, secretKey)) refuse("signature_wrong");
  }
  if (Math.floor(now.getTime() / 1000) > userSig.holdsUntil) refuse("signature_expired");
  if (!setting("TENCENT_ADMINISTRATORS").includes(identifier)) refuse("administrator_required");
  return { identifier, sdkAppId };
}

function readSdkAppId(given: string | undefined): number {
  if (given === undefined || given === "") refuse("app_id_missing");
  if (!/^[1-9]\d{0,9}$/.test(given) || Number(given) > sdkAppIdMax) refuse("app_id_invalid");
  const sdkAppId = Number(given);
  if (sdkAppId !== setting("TENCENT_SDK_APP_ID")) refuse("app_unknown", { sdkAppId });
  return sdkAppId;
}

/**
 * A query parameter; names are case-sensitive. Repeated values are joined, which no schema accepts.
 */
function findValue(event: APIGatewayProxyEvent, name: string): string | undefined {
  const all = event.multiValueQueryStringParameters ?? {};
  return Object.hasOwn(all, name) ? all[name]?.join(",") : undefined;
}
