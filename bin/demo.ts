/** The demo of the one-machine system: its data, and tokens for the people in it. */
import type { System } from "../local/index.ts";
import type { DemoUser } from "./start-block.ts";

/** The ids that the reference pages' own curl lines use. */
export const demoIds = {
  viewer: "64d15f9e2e6c8f4d5a123456",
  host: "64d15f9e2e6c8f4d5a123457",
  streamId: "64d15f9e2e6c8f4d5a123000",
  giftTypeId: "65a1234bcde5678f90123456",
} as const;

/** Tokens live as long as the API lets them: 24 hours. */
const tokenSeconds = 24 * 3600;

const people = [
  {
    name: "johndoe",
    sub: demoIds.viewer,
    says: "viewer, 1,000,000 credits",
    groups: [],
    claims: { preferred_username: "johndoe", given_name: "John", family_name: "Doe" },
  },
  {
    name: "host",
    sub: demoIds.host,
    says: "host of the demo stream",
    groups: [],
    claims: { preferred_username: "host", given_name: "Demo", family_name: "Host" },
  },
  {
    name: "admin",
    sub: "admin",
    says: "admin of everything",
    groups: ["admin"],
    claims: { preferred_username: "admin", given_name: "Ada", family_name: "Admin" },
  },
];

/** The demo's people with fresh tokens, and the ids that the printed lines need. */
export async function demoUsersOf({ issuer, stage }: System): Promise<{
  users: DemoUser[];
  streamId: string;
  giftTypeId: string;
  sdkAppId: string;
}> {
  const users = people.map(async ({ name, sub, says, groups, claims }) => {
    const { token } = await issuer.sign({ sub, groups, claims, expiresIn: tokenSeconds });
    return { name, sub, says, token };
  });
  const { streamId, giftTypeId } = demoIds;
  const environments = Object.values(stage.functions).map(({ environment }) => environment);
  const sdkAppId = environments.find((one) => one.TENCENT_SDK_APP_ID)?.TENCENT_SDK_APP_ID ?? "";
  return { users: await Promise.all(users), streamId, giftTypeId, sdkAppId };
}
