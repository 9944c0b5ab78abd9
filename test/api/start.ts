import { askShared } from "../shared.ts";
import { socketsOf } from "../system.ts";

/** What may be given as a deployment prints it, with a slash at its end. */
const urls = ["API_URL", "WS_URL", "TENCENT_URL"];

// One system for all black-box tests. With API_URL they run against that stage instead
// (docs/testing-a-stage.md); TOKEN_URL then names an endpoint that makes tokens as the runner's
// `POST /local/token` does.
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
