import * as z from "zod";
import { document } from "../../platform/http/document.ts";
import { referencePage } from "../../platform/http/reference.ts";
import { setting } from "../../platform/runtime/env.ts";

/** The reference as a single page that loads nothing from elsewhere. */
export const { contract, handler } = document(
  {
    route: "GET /docs",
    summary: "Open the HTTP API reference (a web page)",
    tag: "App",
    answer: [200, z.string()],
    mediaType: "text/html; charset=utf-8",
    cost: { kilobytes: 180 },
    cacheControl: "public, max-age=300",
  },
  () => referencePage(setting("STAGE")),
);
