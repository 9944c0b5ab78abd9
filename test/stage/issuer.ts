/**
 * `npm run -s test:issuer -- URL`: an issuer for tests against a stage. It makes tokens for any
 * local caller; what the stage needs of it is its public keys, found at URL/.well-known/jwks.json,
 * wherever that is.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startGateway } from "../../local/gateway/index.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import { createIssuer } from "../../local/issuer.ts";
import { createLog } from "../../local/log.ts";

type Wish = {
  /** The `iss` of its tokens. */
  url: string;
  /** Where its key is kept. */
  directory: string;
  /** 0 takes a free one. */
  port: number;
};

/** Starts it; only programs and pages of this machine are answered. */
export async function startIssuer({ url, directory, port }: Wish) {
  const runnerRoutes = createRunnerRoutes();
  const gateway = await startGateway({ port, log: createLog("off"), runnerRoutes });
  const { routes, audience } = await createIssuer({ url, directory });
  runnerRoutes.add(...routes);
  const published = await fetch(`${gateway.url}/local/issuer/.well-known/jwks.json`);
  return {
    audience,
    /** What is to be published. */
    keys: await published.text(),
    tokenUrl: `${gateway.url}/local/token`,
    stop: () => gateway.stop(),
  };
}

const defaultPort = 4100;

async function main([url = "", ...rest]: string[]): Promise<void> {
  if (!/^https:\/\/[^\s?#]+[^\s?#/]$/.test(url) || rest.length > 0) {
    console.error("npm run -s test:issuer -- https://HOST/PATH   without a slash at its end");
    console.error("PORT is where tokens are asked for (4100), ISSUER_DIR has the key (.issuer)");
    process.exit(2);
  }
  const directory = process.env.ISSUER_DIR || ".issuer";
  const port = Number(process.env.PORT || defaultPort);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { audience, keys, tokenUrl } = await startIssuer({ url, directory, port });
  const file = join(directory, "jwks.json");
  writeFileSync(file, keys);
  const jwks = `${url}/.well-known/jwks.json`;
  console.log(`Publish     ${file} as ${jwks}`);
  console.log(`Deploy with -c issuer=${url} -c audience=${audience} -c jwks=${jwks}`);
  console.log(`Test with   TOKEN_URL=${tokenUrl}`);
}

if (import.meta.main) await main(process.argv.slice(2));
