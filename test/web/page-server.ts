/** The pages as they are served, without the system behind them. */
import { createServer } from "node:http";
import { buildWeb } from "../../bin/build/build-web.ts";
import { readPages } from "../../local/gateway/pages.ts";
import { listen } from "../../local/reachable.ts";

export type PageServer = { url: string; close(): Promise<void> };

/** Serves every page, script and picture; where there is none, `otherwise` as HTML. */
export async function servePages(otherwise = ""): Promise<PageServer> {
  const pages = readPages(await buildWeb(), "dev");
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname;
    const asked = { method: "GET", path, query: "", headers: [], body: Buffer.alloc(0) };
    const isOther = path === "/" && otherwise !== "";
    const found = isOther
      ? undefined
      : pages.answer({ ...asked, sourceIp: "", protocol: "", receivedMilliseconds: 0 });
    response.writeHead(
      found?.statusCode ?? 200,
      found?.headers.flat() ?? ["content-type", "text/html"],
    );
    response.end(found?.body ?? otherwise);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
