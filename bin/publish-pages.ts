import { readFileSync } from "node:fs";
import { join } from "node:path";
import { objectHeaders } from "../lib/page-headers.ts";
import { buildWeb, type Page } from "./build-web.ts";
import type { Caller } from "./signed-caller.ts";

/**
 * Brings the pages into the bucket behind a stage's domain, under their paths; answers their
 * number. What a page loads is there before the page, and what earlier ones loaded stays, since
 * somebody may have one of these open. Studio is for one machine and stays here.
 */
export async function publishPages(s3: Caller, bucket: string): Promise<number> {
  const directory = await buildWeb();
  const text = readFileSync(join(directory, "pages.json"), "utf8");
  const deployed = (JSON.parse(text) as Page[]).filter(({ stage }) => stage === undefined);
  // What several pages load is listed with each.
  const pages = [...new Map(deployed.map((page) => [page.path, page])).values()];
  const isLoaded = ({ path }: Page) => path.startsWith("/assets/");
  for (const page of [...pages.filter(isLoaded), ...pages.filter((one) => !isLoaded(one))]) {
    const { path, file, headers } = page;
    const own = Object.entries(headers).filter(([name]) => objectHeaders.includes(name));
    const contents = readFileSync(join(directory, file));
    await s3("PUT", `/${bucket}${path}`, {}, contents, Object.fromEntries(own));
  }
  return pages.length;
}
