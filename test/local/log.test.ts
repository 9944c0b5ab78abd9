import type { LogMode } from "../../local/log.ts";
import { createLog, holdOutput } from "../../local/log.ts";

function logOf(mode: LogMode) {
  const lines: [string, string][] = [];
  return { lines, log: createLog(mode, (text, stream) => void lines.push([stream, text])) };
}

const line = { method: "GET", path: "/a", statusCode: 200, milliseconds: 1.26, by: "f" };
const warning = '{"level":"WARN","message":"w"}';
const error =
  '{"level":"ERROR","message":"bad","error":{"name":"E","message":"m","stack":"E: m\\n at x"}}';

test("text logs one line per request, and only problems of functions", () => {
  const { lines, log } = logOf("text");
  log.request(line);
  log.line("f", warning, "stdout");
  log.line("f", error, "stdout");
  log.line("f", "TypeError: x", "stderr");
  expect(lines).toEqual([
    ["stdout", expect.stringMatching(/^\d\d:\d\d:\d\d 200 GET \/a 1 ms f$/)],
    ["stderr", "f: ERROR bad\n  E: m\n at x"],
    ["stderr", "f: TypeError: x"],
  ]);
});

test("json logs one object per line, those of functions unchanged", () => {
  const { lines, log } = logOf("json");
  log.request(line);
  log.line("f", warning, "stdout");
  log.line("f", "plain", "stdout");
  log.problem("p");
  expect(lines.map(([stream]) => stream)).toEqual(["stdout", "stdout", "stdout", "stderr"]);
  expect(lines[1]?.[1]).toBe(warning);
  expect(JSON.parse(lines[0]?.[1] ?? "")).toMatchObject({ ...line, milliseconds: 1.3 });
  expect(JSON.parse(lines[2]?.[1] ?? "")).toMatchObject({ function: "f", message: "plain" });
});

test("off logs only problems", () => {
  const { lines, log } = logOf("off");
  log.request(line);
  log.note("n");
  log.line("f", warning, "stdout");
  expect(lines).toEqual([]);
  log.line("f", error, "stdout");
  log.problem("p");
  expect(lines).toHaveLength(2);
});

test("logs of functions during a start with --json come after the start message", () => {
  const lines: [string, string][] = [];
  const output = holdOutput((text, stream) => void lines.push([stream, text]));
  const log = createLog("json", output.write);
  log.line("f", warning, "stdout");
  log.problem("p");
  expect(lines).toEqual([["stderr", expect.stringContaining('"p"')]]);
  output.release();
  log.line("f", "later", "stdout");
  expect(lines.slice(1)).toEqual([
    ["stdout", warning],
    ["stdout", expect.stringContaining('"later"')],
  ]);
});
