/** The order in which jest runs the test files. */
import { createRequire } from "node:module";
import { longFiles, pathOf } from "./kinds.ts";

/** The CommonJS form, which its types describe. */
type Jest = typeof import("@jest/test-sequencer", { with: { "resolution-mode": "require" }});
const { default: Sequencer } = createRequire(import.meta.url)("@jest/test-sequencer") as Jest;

const slashed = (path: string) => path.replaceAll("\\", "/");

const rankOf = (path: string) => {
  const rank = longFiles.findIndex((file) => slashed(path).endsWith(`/${pathOf(file)}`));
  return rank < 0 ? longFiles.length : rank;
};

/** Long files first, then the others in jest's order. */
export default class LongFilesFirst extends Sequencer {
  override async sort(...[tests]: Parameters<InstanceType<Jest["default"]>["sort"]>) {
    return (await super.sort(tests)).sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
}
