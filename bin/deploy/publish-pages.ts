import { readFileSync } from "node:fs";
import { join } from "node:path";
import { objectHeaders } from "../../lib/stages/page-headers.ts";
import type { Caller } from "../aws/signed-caller.ts";
import { buildWeb, type Page } from "../build/build-web.ts";

/**
 * Uploads the pages to the bucket behind a stage's domain; returns their number. Assets are
 * uploaded before the page that loads them, and old assets stay, since an old page may still be
 * open. Studio is local only and is not uploaded.
 */
export async function publishPages(s3: Caller, bucket: string): Promise<number> {
  const directory = await buildWeb();
  const text = readFileSync(join(directory, "pages.json"), "utf8");
  const deployed = (JSON.parse(text) as Page[]).filter(({ stage }) => stage === undefined);
  // Files that several pages load are listed with each of them.
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
