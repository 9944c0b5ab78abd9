import { createServer, type Server } from "node:http";
import { afterAll, beforeAll } from "@jest/globals";
import * as jose from "jose";
import { listen } from "../../local/reachable.ts";

export const issuer = "https://issuer.example.com";

/** An issuer that can be down, slow or hang, and whose published keys can change. */
export type OwnIssuer = {
  isDown: boolean;
  isHanging: boolean;
  /** How long it takes to respond. */
  delayMilliseconds: number;
  /** How often its keys were fetched. */
  fetches: number;
  /** Ids under which its key is published. */
  published: string[];
  /** Further keys in the set, of any form. */
  odd: jose.JWK[];
  pair: jose.GenerateKeyPairResult;
  /** A token that is valid if its key is known. */
  tokenOf(sub: string, kid?: string): Promise<string>;
};

/** Gives the tests of a file their own issuer, which the settings name. */
export function useOwnIssuer(): OwnIssuer {
  let server: Server;
  const own: OwnIssuer = {
    isDown: false,
    isHanging: false,
    delayMilliseconds: 0,
    fetches: 0,
    published: ["k1"],
    odd: [],
    pair: undefined as unknown as jose.GenerateKeyPairResult,
    tokenOf: (sub, kid = "k1") =>
      new jose.SignJWT({ jti: sub })
        .setProtectedHeader({ alg: "RS256", kid })
        .setIssuer(issuer)
        .setAudience("ovation")
        .setSubject(sub)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(own.pair.privateKey),
  };
  beforeAll(async () => {
    own.pair = await jose.generateKeyPair("RS256", { extractable: true });
    const publicKey = await jose.exportJWK(own.pair.publicKey);
    server = createServer((_, answer) => {
      own.fetches += 1;
      if (own.isHanging) return;
      answer.statusCode = own.isDown ? 503 : 200;
      const keys = own.published.map((kid) => ({ ...publicKey, kid, alg: "RS256", use: "sig" }));
      const body = JSON.stringify({ keys: [...keys, ...own.odd] });
      setTimeout(() => answer.end(body), own.delayMilliseconds);
    });
    const port = await listen(server);
    Object.assign(process.env, {
      ISSUER: issuer,
      AUDIENCE: "ovation",
      GROUPS_CLAIM: "cognito:groups",
      JWKS_URI: `http://127.0.0.1:${port}/jwks.json`,
      LOCAL: "on",
      ORIGINS: "https://www.example.com,https://app.example.com:8443",
    });
  });
  afterAll(() => {
    server.close();
  });
  return own;
}
