import { callIssuer } from "../../platform/auth/issuer.ts";

/** No server listens on port 1. */
const ask = async (host: string) => callIssuer(new URL(`http://${host}:1/keys`), 100);

test("on AWS no issuer is called by plain http, even at a loopback address", async () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "a.example"])
    await expect(ask(host)).rejects.toThrow("http: is not trusted");
});
