/** In which order jest runs the test files. */
import { createRequire } from "node:module";

/** As CommonJS has it, which is what its types describe. */
type Jest = typeof import("@jest/test-sequencer", { with: { "resolution-mode": "require" }});
const { default: Sequencer } = createRequire(import.meta.url)("@jest/test-sequencer") as Jest;

/**
 * The files that take longest, half a minute and more, in the order in which they begin: what works
 * in a browser beside what waits. One of them begun last would be waited for alone, and a machine
 * that has never run the tests, as CI has, knows only how large each file is.
 */
export const longFiles = [
  "test/web/studio-load.test.ts",
  "test/platform/money/faults.test.ts",
  "test/web/studio.test.ts",
  "test/platform/money/callback-faults.test.ts",
  "test/web/console-looks.test.ts",
  "test/web/overlay.test.ts",
  "test/bin/restore.test.ts",
  "test/web/docs.test.ts",
  "test/local/alarms.test.ts",
  "test/web/guides.test.ts",
  "test/local/lost-posts.test.ts",
  "test/api/hostile.test.ts",
  "test/local/delivery.test.ts",
  "test/examples/guides.test.ts",
  "test/platform/time-outs.test.ts",
  "test/web/console-lists.test.ts",
  "test/local/outages.test.ts",
  "test/client/schedules.test.ts",
  "test/client/network.test.ts",
];

const rankOf = (path: string) => {
  const rank = longFiles.findIndex((file) => path.endsWith(`/${file}`));
  return rank < 0 ? longFiles.length : rank;
};

/** The long files, then the others as jest has them. */
export default class LongFilesFirst extends Sequencer {
  override async sort(...[tests]: Parameters<InstanceType<Jest["default"]>["sort"]>) {
    return (await super.sort(tests)).sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
}
