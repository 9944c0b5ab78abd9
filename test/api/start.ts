import { askShared } from "../shared.ts";
import { socketsOf } from "../system.ts";

/** URLs that may be given as a deployment prints them, with a trailing slash. */
const urls = ["API_URL", "WS_URL", "TENCENT_URL"];

// One system for all black-box tests. With API_URL they run against that stage instead
// (docs/testing-a-stage.md); TOKEN_URL is then an endpoint that makes tokens like the runner's
// `POST /local/token`.
if (process.env.API_URL) {
  for (const name of urls) {
    const url = process.env[name];
    if (url !== undefined) process.env[name] = url.replace(/\/+$/, "");
  }
} else {
  const { url } = await askShared<{ url: string }>("system/api");
  process.env.OWN_SYSTEM = "on";
  process.env.API_URL = url;
  process.env.WS_URL = await socketsOf(url);
}
