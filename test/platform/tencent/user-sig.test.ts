import { isSignedWith, readUserSig } from "../../../platform/tencent/user-sig.ts";
import { makeUserSig, packBytes, packUserSig } from "./sign.ts";

const secretKey = "test-secret-key-000000000000000000000000000000000000000000000001";

/** Vectors of two independent programs; those of one name differ in the compressor only. */
const vectors = [
  {
    name: "A, compressed by Python",
    text:
      "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgYQYAiRKcnMTQWK" +
      "mkNFDSCiqRUFmUVAcQszE5hQcWY60HBvp5JUr0T99FJ-3zBfSwMPEx-D8tSc7CKzcLfg3Ar3Kn2fwKD8ChcvN-10W6Va" +
      "AKwtM9U_",
    identifier: "administrator",
    sdkAppId: 1400000001,
    holdsUntil: 1700086400,
    signature: "KBteJa/guOMVM90H4L1welkr6WFSmxGz/LQRoxDJF/g=",
  },
  {
    name: "A, compressed by Node",
    text:
      "eJw1ylELgjAUBeD-cp-DbSFWg15CLGwSZdTzYLdxsanMVVL03wO183a*cz5wVmX0RA8S5hGH2dDJYB3oRgNr46imLngdGj" +
      "8dOlPptiUDUsR8jBiXQA5BisWkfFTsW-IIcpnEf*rIgoT9JmCumX0cikux4rtYiRfeK59cs9L12zdTx1PTp3nG7Bq*P6wt" +
      "M9U_",
    identifier: "administrator",
    sdkAppId: 1400000001,
    holdsUntil: 1700086400,
    signature: "KBteJa/guOMVM90H4L1welkr6WFSmxGz/LQRoxDJF/g=",
  },
  {
    name: "B",
    text:
      "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXFqUW6JkbxjlDJ4pTsxIKCzBQlKwsogIiXZOamKlkZmpuZGxmZmh" +
      "kYQERTKwoyi4DixjCB4sx0oKGFhiHJmeVRIQXuWaUupin6ln7*7pGuhhbZaflFOeEZFtqZlcYZPpbuZkbptkq1AK8JMLU_",
    identifier: "user-42_A",
    sdkAppId: 88888888,
    holdsUntil: 1767225900,
    signature: "q1TciwZTpGjuD5d/9NOGYE18kforlWh8+iy3hL9G62g=",
  },
];

describe("readUserSig", () => {
  test.each(vectors)("reads vector $name", ({ text, name: _, ...wanted }) => {
    const userSig = readUserSig(text);
    expect(userSig).toMatchObject(wanted);
    expect(isSignedWith(userSig!, secretKey)).toBe(true);
    expect(isSignedWith(userSig!, `${secretKey.slice(0, -1)}2`)).toBe(false);
  });

  test("makes the vectors' signatures", () => {
    const made = makeUserSig({ secretKey, time: 1700000000, expire: 86400 });
    expect(readUserSig(made)?.signature).toBe(vectors[0]!.signature);
  });

  test("a user buffer is signed too", () => {
    const base = { "TLS.userbuf": "AAAA" };
    const userSig = readUserSig(makeUserSig({ secretKey, members: base }));
    expect(userSig?.signed).toMatch(/TLS.expire:3600\nTLS.userbuf:AAAA\n$/);
    expect(isSignedWith(userSig!, secretKey)).toBe(false);
  });

  const good = makeUserSig({ secretKey });
  const bad: [string, string][] = [
    ["nothing", ""],
    ["other characters", `${good.slice(0, -4)}!!!!`],
    ["base64 with the standard padding", vectors[0]!.text.replaceAll("_", "=")],
    ["base64 with a standard letter", vectors[0]!.text.replaceAll("-", "/")],
    ["without its end", good.slice(0, 40)],
    ["no zlib", Buffer.from("hello hello!").toString("base64")],
    ["no JSON", packBytes(Buffer.from("hello"))],
    ["no UTF-8", packBytes(Buffer.from([0x22, 0xff, 0x22]))],
    ["an array", packUserSig([])],
    ["null", packUserSig(null)],
    ["another version", makeUserSig({ secretKey, members: { "TLS.ver": "1.0" } })],
    ["a number as text", makeUserSig({ secretKey, members: { "TLS.sdkappid": "1400000001" } })],
    ["no time", makeUserSig({ secretKey, members: { "TLS.time": undefined } })],
    ["a fraction", makeUserSig({ secretKey, members: { "TLS.expire": 1.5 } })],
    ["too large a number", makeUserSig({ secretKey, members: { "TLS.time": 1e300 } })],
    ["a bomb", packBytes(Buffer.alloc(50_000_000))],
    ["a small bomb", packBytes(Buffer.from(JSON.stringify({ text: " ".repeat(5000) })))],
    ["very long", "A".repeat(4000)],
  ];
  test.each(bad)("refuses one that is %s", (_, text) => {
    expect(readUserSig(text)).toBeUndefined();
  });

  test("a changed claim does not verify", () => {
    for (const members of [{ "TLS.expire": 7200 }, { "TLS.sdkappid": 1400000002 }]) {
      const userSig = readUserSig(makeUserSig({ secretKey, members }));
      expect(isSignedWith(userSig!, secretKey)).toBe(false);
    }
    const empty = readUserSig(makeUserSig({ secretKey, members: { "TLS.sig": "" } }));
    expect(isSignedWith(empty!, secretKey)).toBe(false);
  });
});
