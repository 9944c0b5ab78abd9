import * as z from "zod";
import { document } from "../../platform/http/document.ts";
import { guidesPage } from "../../platform/http/reference.ts";

/** The guides, next to the reference and under a policy as strict. */
export const { contract, handler } = document(
  {
    route: "GET /docs/guides",
    summary: "Open the guides (a web page)",
    tag: "App",
    answer: [200, z.string()],
    mediaType: "text/html; charset=utf-8",
    cost: { kilobytes: 500 },
    cacheControl: "public, max-age=300",
  },
  guidesPage,
);
