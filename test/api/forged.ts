import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type Person, person } from "./people.ts";

/** A token that must be refused, and what is wrong with it. */
export type Forged = { what: string; token: string };

type Part = Record<string, unknown>;

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");

const decode = (part = "") => JSON.parse(Buffer.from(part, "base64url").toString()) as Part;

const now = () => Math.floor(Date.now() / 1000);

/** Claims that the issuer signs on request, but that must be refused. */
const listBadClaims = (): [what: string, claims: Part][] => [
  ["exp is missing", { exp: null }],
  ["exp is over", { exp: now() - 1 }],
  ["exp is in milliseconds", { exp: Date.now() + 3_600_000 }],
  ["exp is beyond every date", { exp: 1e300 }],
  ["exp is before every date", { exp: -1e300 }],
  ["exp is text", { exp: String(now() + 3600) }],
  ["exp is a list", { exp: [now() + 3600] }],
  ["exp is an object", { exp: {} }],
  ["it lives longer than a day", { exp: now() + 86_400 + 120 }],
  ["it was made long ago and lives on", { iat: now() - 86_400, exp: now() + 3600 }],
  ["iat is missing", { iat: null }],
  ["iat is in an hour", { iat: now() + 3600, exp: now() + 7200 }],
  ["iat is text", { iat: "now" }],
  ["nbf is in an hour", { nbf: now() + 3600 }],
  ["nbf is text", { nbf: "now" }],
  ["nbf is beyond every date", { nbf: 1e300 }],
  ["iss is missing", { iss: null }],
  ["iss is another", { iss: "https://issuer.example.com" }],
  ["iss is a list", { iss: ["https://issuer.example.com"] }],
  ["aud is missing", { aud: null }],
  ["aud is another", { aud: "another-app" }],
  ["aud is an empty list", { aud: [] }],
  ["aud is a list of others", { aud: ["a", "b"] }],
  ["aud is a number", { aud: 1 }],
  ["client_id is another", { aud: null, client_id: "another-app" }],
  ["client_id is a list", { aud: null, client_id: ["ovation"] }],
  ["sub is missing", { sub: null }],
  ["sub is empty", { sub: "" }],
  ["sub has the delimiter of a key", { sub: "u1#WALLET" }],
  ["sub has a space", { sub: "u 1" }],
  ["sub ends with a newline", { sub: "u1\n" }],
  ["sub has 65 characters", { sub: "x".repeat(65) }],
  ["sub is beyond ASCII", { sub: "ümlaut" }],
  ["sub is a number", { sub: 5 }],
  ["sub is a list", { sub: ["u1"] }],
];

/** Every forged token of the table, derived from one good token. */
export async function forgedTokens(good: string): Promise<Forged[]> {
  const forged: Forged[] = [];
  for (const [what, claims] of listBadClaims())
    forged.push({ what, token: (await person({ claims })).token });
  return [...forged, ...(await remade(good)), ...edited(good)];
}

/** Tokens made without the issuer's private key, at best with its public key. */
async function remade(good: string): Promise<Forged[]> {
  const [head, body] = good.split(".").map((part, at) => (at < 2 ? decode(part) : {}));
  const header = head as Part;
  const claims = body as Part;
  const keys = `${claims.iss}/.well-known/jwks.json`;
  const jwks = (await (await fetch(keys)).json()) as { keys: Part[] };
  const publicKey = jwks.keys.find(({ kid }) => kid === header.kid)!;
  const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = own.publicKey.export({ format: "jwk" });
  const rsa = (more: Part, key: KeyObject = own.privateKey, hash = "sha256") => {
    const signed = `${encode({ ...header, ...more })}.${encode(claims)}`;
    return `${signed}.${sign(hash, Buffer.from(signed), key).toString("base64url")}`;
  };
  const hmac = (secret: string) => {
    const signed = `${encode({ ...header, alg: "HS256" })}.${encode(claims)}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const with_ = (part: Part, signature: string) =>
    `${encode({ ...header, ...part })}.${encode(claims)}.${signature}`;
  const [, , signature] = good.split(".") as [string, string, string];
  const es = `${encode({ ...header, alg: "ES256" })}.${encode(claims)}`;
  const der = sign("sha256", Buffer.from(es), curve.privateKey).toString("base64url");
  const list: [string, string][] = [
    ...["none", "None", "NONE", "nOnE", "", null].map((alg): [string, string] => [
      `alg ${alg}, no signature`,
      with_({ alg }, ""),
    ]),
    ["alg none with the old signature", with_({ alg: "none" }, signature)],
    ["alg none with junk", with_({ alg: "none" }, "AAAA")],
    ["no alg", with_({ alg: undefined }, signature)],
    ["alg is a number", with_({ alg: 256 }, signature)],
    ["alg is a list", with_({ alg: ["RS256"] }, signature)],
    ["HS256 with the public key as secret", hmac(JSON.stringify(publicKey))],
    ["HS256 with the modulus as secret", hmac(String(publicKey.n))],
    ["HS256 with an empty secret", hmac("")],
    ["RS384 under a key for RS256", rsa({ alg: "RS384" }, own.privateKey, "sha384")],
    ["PS256", with_({ alg: "PS256" }, signature)],
    ["ES256 of zeros", with_({ alg: "ES256" }, Buffer.alloc(64).toString("base64url"))],
    ["ES256 of zeros in DER", with_({ alg: "ES256" }, "MAYCAQACAQA")],
    ["ES256 in DER", `${es}.${der}`],
    ["another key under the known id", rsa({})],
    ["a key of its own in the header", rsa({ jwk })],
    ["a key at an address of its own", rsa({ jku: "https://127.0.0.1:9/keys" })],
    ["a certificate at an address of its own", rsa({ x5u: "https://127.0.0.1:9/certificate" })],
    ["a certificate of its own", rsa({ x5c: ["AAAA"] })],
    ["crit", with_({ crit: ["exp"] }, signature)],
    ...["../../../../dev/null", "' OR 1=1", "|sleep 10", "__proto__", "a\u0000b", "", 5, null].map(
      (kid): [string, string] => [`kid ${JSON.stringify(kid)}`, rsa({ kid })],
    ),
    ["no kid", rsa({ kid: undefined })],
  ];
  return list.map(([what, token]) => ({ what, token }));
}

/** A good token with a part of it changed. */
function edited(good: string): Forged[] {
  const [head, body, signature] = good.split(".") as [string, string, string];
  const raised = encode({ ...decode(body), "cognito:groups": ["admin"] });
  const flipped = signature[10] === "A" ? "B" : "A";
  const list: [string, string][] = [
    ["claims changed", `${head}.${raised}.${signature}`],
    ["no signature", `${head}.${body}.`],
    ["two parts", `${head}.${body}`],
    ["one part", head],
    ["four parts", `${good}.${signature}`],
    ["five parts", `${good}.a.b`],
    ["dots alone", ".."],
    ["signature cut", `${head}.${body}.${signature.slice(0, -10)}`],
    ["signature of zeros", `${head}.${body}.${"A".repeat(signature.length)}`],
    [
      "one bit changed",
      `${head}.${body}.${signature.slice(0, 10)}${flipped}${signature.slice(11)}`,
    ],
    ["claims are no JSON", `${head}.${encode("no JSON")}.${signature}`],
    ["claims are a list", `${head}.${encode([])}.${signature}`],
    ["claims are null", `${head}.${encode("null")}.${signature}`],
    ["header is a list", `${encode([])}.${body}.${signature}`],
    [
      "header has a byte order mark",
      `${encode(`\ufeff${JSON.stringify(decode(head))}`)}.${body}.${signature}`,
    ],
    ["claims nested deep", `${head}.${encode("[".repeat(4000))}.${signature}`],
    ["percent signs", good.replaceAll(".", "%2E")],
    ["quotes", `"${good}"`],
    ["a comma", `${good},${good}`],
  ];
  return list.map(([what, token]) => ({ what, token }));
}

/** Good tokens in less common forms: each must work like the plain one. */
export async function goodTokens(): Promise<(Person & { what: string })[]> {
  const wishes: [string, Part][] = [
    ["a plain one", {}],
    ["aud as a list", { aud: ["another-app", "ovation"] }],
    ["client_id in place of aud", { aud: null, client_id: "ovation" }],
    ["iat within the grace", { iat: now() + 50 }],
    ["a life of a day", { iat: now(), exp: now() + 86_400 }],
    ["nbf now", { nbf: now() - 1 }],
    ["no jti", { jti: null }],
    ["groups that mean nothing", { "cognito:groups": ["root", "superuser", 5] }],
    ["groups as text", { "cognito:groups": "admin" }],
    ["a claim named like a prototype", { constructor: { prototype: { isAdmin: true } } }],
  ];
  return Promise.all(
    wishes.map(async ([what, claims]) => ({ what, ...(await person({ claims })) })),
  );
}
