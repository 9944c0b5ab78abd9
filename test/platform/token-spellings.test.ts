/** The firewall counts tokens as they are spelled, so one token must have one spelling. */
import type { APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import { handler as authorizeHttp } from "../../functions/people/auth/http.ts";
import { tokenTransformations } from "../../lib/edge/firewall-rules.ts";
import { verifyToken } from "../../platform/auth/token.ts";
import { useOwnIssuer } from "./own-issuer.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();
const { tokenOf } = useOwnIssuer();

/** What the authorizer of the HTTP API says of an Authorization header: Allow or Deny. */
async function askWith(value: string): Promise<string> {
  const event = {
    methodArn: "arn:aws:execute-api:us-east-1:000000000000:api/dev/GET/x",
    headers: {},
    multiValueHeaders: { Authorization: [value] },
  };
  const { policyDocument } = await authorizeHttp(
    event as unknown as APIGatewayRequestAuthorizerEvent,
  );
  return (policyDocument.Statement[0] as { Effect: string }).Effect;
}

/** What the firewall counts a header under, by AWS WAF's text transformations. */
function countedAs(value: string): string {
  const transform: Record<string, (text: string) => string> = {
    COMPRESS_WHITE_SPACE: (text) => text.replace(/[\s\u00a0]+/g, " "),
    LOWERCASE: (text) => text.toLowerCase(),
  };
  return tokenTransformations.reduce((text, { type }) => transform[type]!(text), value);
}

/** A token whose last characters have other spare bits, which a lenient decoder ignores. */
function respelled(token: string): string[] {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const bytes = (text: string) =>
    Buffer.from(text.slice(text.lastIndexOf(".") + 1), "base64url").toString("hex");
  return [...letters]
    .map((letter) => token.slice(0, -1) + letter)
    .filter((other) => other !== token && bytes(other) === bytes(token));
}

test("the firewall counts all accepted spellings of one token as one", async () => {
  const token = await tokenOf("u1");
  const cases = Array.from({ length: 64 }, (_, bits) =>
    [..."bearer"].map((c, at) => ((bits >> at) & 1 ? c.toUpperCase() : c)).join(""),
  );
  const spaced = Array.from({ length: 10 }, (_, at) => `Bearer${" ".repeat(at + 2)}${token}`);
  const others = respelled(token);
  expect(others.length).toBe(15);
  const spellings = [
    ...cases.map((scheme) => `${scheme} ${token}`),
    ...spaced,
    ...[...others, `${token}=`, `${token}==`].map((one) => `Bearer ${one}`),
    ...[`Bearer\t${token}`, `Bearer ${token} `, ` Bearer ${token}`],
  ];
  expect(spellings.length).toBeGreaterThanOrEqual(80);
  const counted = new Set<string>();
  let allowed = 0;
  for (const value of spellings) {
    if ((await askWith(value)) !== "Allow") continue;
    allowed += 1;
    counted.add(countedAs(value));
  }
  expect([allowed, counted.size]).toEqual([64, 1]);
  for (const one of others) expect(await verifyToken(one, new Date())).toBeUndefined();
});
