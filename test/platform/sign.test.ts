import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { createSigner, encodeStrictly, hashOf } from "../../platform/aws/sign.ts";

const host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";

async function signedByLibrary(
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  request: { method: string; path: string; body: string },
  now: number,
  service = "execute-api",
) {
  const library = new SignatureV4({
    credentials,
    region: "eu-central-1",
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers } = await library.sign(
    { ...request, protocol: "https:", hostname: host, headers: { host } },
    { signingDate: new Date(now) },
  );
  return headers;
}

const asObject = (flat: string[]) =>
  Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : [])));

describe("The signer of posts", () => {
  test("signs byte for byte as @smithy/signature-v4 does, over days and with strange ids", async () => {
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
    const sign = createSigner(host, { region: "eu-central-1", ...credentials });
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ minLength: 1, maxLength: 30, unit: "grapheme" })
          .filter((id) => !/^\.+$/.test(id)),
        fc.string({ maxLength: 200 }),
        fc.constantFrom("POST", "GET", "DELETE"),
        fc.date({
          min: new Date("2026-01-01T00:00:00Z"),
          max: new Date("2027-01-01T00:00:00Z"),
          noInvalidDate: true,
        }),
        async (id, body, method, date) => {
          const path = `/ws/@connections/${encodeStrictly(id)}`;
          const own = sign({ method, path, payloadHash: hashOf(body) }, date.getTime());
          const theirs = await signedByLibrary(credentials, { method, path, body }, date.getTime());
          expect(asObject(own)).toEqual(theirs);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("signs with the current credentials, which a container replaces repeatedly", async () => {
    let credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
    credentials = { accessKeyId: "FIRST", secretAccessKey: "one" };
    const sign = createSigner(host, () => ({ region: "eu-central-1", ...credentials }));
    const request = { method: "POST", path: "/ws/@connections/a", body: "" } as const;
    const at = Date.parse("2026-06-01T12:00:00Z");
    for (const [later, next] of [
      [0, credentials],
      // Of one day, so that the date is no reason to make anything again.
      [1_000, { accessKeyId: "SECOND", secretAccessKey: "two", sessionToken: "t" }],
      [2_000, { accessKeyId: "SECOND", secretAccessKey: "two", sessionToken: "u" }],
      [3_000, { accessKeyId: "SECOND", secretAccessKey: "three", sessionToken: "u" }],
      [4_000, { accessKeyId: "THIRD", secretAccessKey: "three" }],
    ] as const) {
      credentials = next;
      const own = sign({ ...request, payloadHash: hashOf("") }, at + later);
      expect(asObject(own)).toEqual(await signedByLibrary(credentials, request, at + later));
    }
  });

  test("signs S3 calls: their hash is a header, and there may be a query", async () => {
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };
    const sign = createSigner(host, { service: "s3", region: "eu-central-1", ...credentials });
    const library = new SignatureV4({
      credentials,
      region: "eu-central-1",
      service: "s3",
      sha256: Sha256,
      uriEscapePath: false,
      applyChecksum: true,
    });
    const path = "/pictures/0123456789abcdef01234567";
    const now = Date.parse("2026-05-05T05:05:05Z");
    for (const [method, query, body] of [
      ["PUT", {}, "GIF89a"],
      ["GET", {}, ""],
      ["GET", { "list-type": "2", "start-after": "a b/~*" }, ""],
    ] as const) {
      const request = { method, protocol: "https:", hostname: host, path, headers: { host } };
      const asked = { ...request, query, body };
      const { headers } = await library.sign(asked, { signingDate: new Date(now) });
      const search = Object.entries(query)
        .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
        .join("&");
      const own = sign({ method, path, query: search, payloadHash: hashOf(body) }, now);
      expect(asObject(own)).toEqual(headers);
    }
  });

  test("signs the session token of a function's role", async () => {
    const credentials = {
      accessKeyId: "ASIAEXAMPLE",
      secretAccessKey: "secret",
      sessionToken: `${"x".repeat(700)}/+==`,
    };
    const sign = createSigner(host, { region: "eu-central-1", ...credentials });
    const now = Date.parse("2026-11-20T23:59:59.999Z");
    const signLambda = createSigner(host, {
      region: "eu-central-1",
      service: "lambda",
      ...credentials,
    });
    for (const at of [now, now + 1, now + 2000]) {
      const path = "/ws/@connections/L0SM9cOFvHcCIhw%3D";
      const own = sign({ method: "POST", path, payloadHash: hashOf("{}") }, at);
      const theirs = await signedByLibrary(credentials, { method: "POST", path, body: "{}" }, at);
      expect(asObject(own)).toEqual(theirs);
      const invoke = { method: "POST" as const, path: "/2015-03-31/functions/part/invocations" };
      expect(asObject(signLambda({ ...invoke, payloadHash: hashOf("{}") }, at))).toEqual(
        await signedByLibrary(credentials, { ...invoke, body: "{}" }, at, "lambda"),
      );
    }
  });
});
