import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { handler } from "../../functions/people/auth/second-factor.ts";
import { listen } from "../../local/reachable.ts";

/** A Cognito that knows one user; each test says what that user has set up. */
let server: Server;
let asked: { target: string | undefined; body: unknown }[];
let answer: { status: number; body: object };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    asked.push({ target: String(request.headers["x-amz-target"]), body: JSON.parse(text) });
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer.body));
  });
  const port = await listen(server);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  asked = [];
  answer = { status: 200, body: { Username: "u1" } };
});

/** The event of Cognito before it makes tokens, as its documentation has it. */
const eventOf = (groupsToOverride: string[] | null) => ({
  version: "1",
  triggerSource: "TokenGeneration_HostedAuth",
  region: "eu-central-1",
  userPoolId: "eu-central-1_ABC",
  userName: "u1",
  callerContext: { awsSdkVersion: "x", clientId: "console" },
  request: {
    userAttributes: { sub: "u1" },
    groupConfiguration: { groupsToOverride, iamRolesToOverride: [], preferredRole: null },
  },
  response: { claimsOverrideDetails: null },
});

const groupsAfter = async (groups: string[]) => {
  const { response } = await handler(eventOf(groups));
  const details = (response as { claimsOverrideDetails: object | null }).claimsOverrideDetails;
  return details as { groupOverrideDetails: { groupsToOverride: string[] } } | null;
};

test.each([["admin"], ["service"]])(
  "%s without a second factor is a user like any",
  async (role) => {
    expect(await groupsAfter([role, "editors"])).toEqual({
      groupOverrideDetails: { groupsToOverride: ["editors"] },
    });
    expect(asked).toEqual([
      {
        target: "AWSCognitoIdentityProviderService.AdminGetUser",
        body: { UserPoolId: "eu-central-1_ABC", Username: "u1" },
      },
    ]);
  },
);

test("an admin with a second factor keeps the role, and the event is returned unchanged", async () => {
  answer.body = { Username: "u1", UserMFASettingList: ["SOFTWARE_TOKEN_MFA"] };
  expect(await handler(eventOf(["admin"]))).toEqual(eventOf(["admin"]));
  expect(asked).toHaveLength(1);
});

test.each([[[]], [["editors"]], [null]])(
  "a user without a role is not looked up: %p",
  async (groups) => {
    expect(await handler(eventOf(groups))).toEqual(eventOf(groups));
    expect(asked).toEqual([]);
  },
);

test("users with a role are refused while their second factor cannot be checked, and the reason is not shown", async () => {
  answer = { status: 400, body: { __type: "ResourceNotFoundException", message: "secret" } };
  await expect(handler(eventOf(["admin"]))).rejects.toThrow(/^Signing in does not work just now$/);
});
