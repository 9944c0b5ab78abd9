import { EventEmitter } from "node:events";
import RunAgain from "../run-again.ts";
import { orderByVerdict } from "../sequencer.ts";

const file = (path: string, imports: string[], duration?: number) => ({
  path: `/test/${path}`,
  duration,
  context: { hasteFS: { getDependencies: () => imports, getSize: () => 500 } },
});

test("the first result comes from the shortest file that names the edited source", () => {
  const tests = [
    file("cloud/short", ["../../lib/index.ts"], 10),
    file("api/long", ["./people.ts", "../../functions/gifts.ts"], 9_000),
    file("api/new", ["../../functions/gifts.ts"]),
    file("api/short", ["../../functions/gifts.ts"], 400),
    file("api/other", ["../../functions/other.ts"], 20),
  ];
  const order = (edited?: string) =>
    orderByVerdict(tests, edited).map(({ path }) => path.split("/").at(-1));
  expect(order("/functions/gifts.ts")).toEqual(["short", "new", "long", "short", "other"]);
  expect(order("/test/api/long")[0]).toBe("long");
  expect(order()).toEqual(["short", "other", "short", "new", "long"]);
});

test("an edit during a run interrupts it once and starts the next; another edit is jest's", async () => {
  const stdin = new EventEmitter();
  let enters = 0;
  stdin.on("data", (key) => {
    enters++;
    expect(key).toBe("\r");
  });
  type Hooks = Parameters<RunAgain["apply"]>[0];
  const heard = new Map<keyof Hooks, () => unknown>();
  const note = (name: keyof Hooks) => (act: () => unknown) => void heard.set(name, act);
  new RunAgain({ stdin: stdin as NodeJS.ReadStream }).apply({
    onFileChange: note("onFileChange"),
    shouldRunTestSuite: note("shouldRunTestSuite"),
    onTestRunComplete: note("onTestRunComplete"),
  });
  const happens = async (...names: (keyof Hooks)[]) => {
    for (const name of names) await heard.get(name)!();
    await new Promise((done) => setImmediate(done));
    return enters;
  };
  expect(await happens("onFileChange", "shouldRunTestSuite")).toBe(0);
  expect(await happens("onFileChange", "onFileChange")).toBe(1);
  expect(await happens("onTestRunComplete")).toBe(2);
  expect(await happens("shouldRunTestSuite", "onTestRunComplete", "onFileChange")).toBe(2);
});
