import { stderr, stdout } from "node:process";

/** `text` for people, `json` for programs, `off` writes errors only. */
export type LogMode = "text" | "json" | "off";

/**
 * One answered request or socket message. The path is the route's, without values or query, since
 * both may contain tokens; `-` without a route.
 */
type RequestLine = {
  method: string;
  path: string;
  statusCode: number;
  milliseconds: number;
  by: string;
  /** The gateway's request id, which is returned to the caller. */
  requestId?: string | undefined;
};

/** The runner's output: a line for each request, and the functions' log lines. */
export type Log = {
  request(line: RequestLine): void;
  /** A log line of a function. */
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
  /** A note from the runner about its own work. */
  note(text: string): void;
  /** A failure; always written. */
  problem(text: string): void;
};

type Write = (text: string, stream: "stdout" | "stderr") => void;

const levelsOfProblems = new Set(["ERROR", "CRITICAL", "FATAL"]);

const writeToProcess: Write = (text, stream) => {
  (stream === "stdout" ? stdout : stderr).write(`${text}\n`);
};

/**
 * Output whose lines for stdout wait until `release`: with `--json`, programs read the first line
 * and expect the start message, but functions may log while the system starts.
 */
export function holdOutput(write: Write = writeToProcess) {
  let held: string[] | undefined = [];
  return {
    write(text: string, stream: "stdout" | "stderr") {
      if (held !== undefined && stream === "stdout") held.push(text);
      else write(text, stream);
    },
    release() {
      for (const text of held ?? []) write(text, "stdout");
      held = undefined;
    },
  };
}

/** Creates the log of one run. `write` receives whole lines. */
export function createLog(mode: LogMode, write: Write = writeToProcess): Log {
  const sayJson = (entry: Record<string, unknown>, stream: "stdout" | "stderr" = "stdout") =>
    write(JSON.stringify({ timestamp: new Date().toISOString(), ...entry }), stream);
  return {
    request({ method, path, statusCode, milliseconds, by, requestId }) {
      if (mode === "json") {
        const rounded = Math.round(milliseconds * 10) / 10;
        const call = { method, path, statusCode, milliseconds: rounded, by };
        sayJson({ level: "INFO", ...(requestId && { requestId }), ...call });
      } else if (mode === "text") {
        const time = new Date().toTimeString().slice(0, 8);
        const duration = `${Math.round(milliseconds)} ms`;
        write(`${time} ${statusCode} ${method} ${path} ${duration} ${by}`, "stdout");
      }
    },
    line(functionName, text, stream) {
      const entry = readEntry(text);
      const isProblem = entry ? levelsOfProblems.has(String(entry.level)) : stream === "stderr";
      if (mode === "json") {
        if (entry) write(text, isProblem ? "stderr" : "stdout");
        else
          sayJson(
            { level: isProblem ? "ERROR" : "INFO", function: functionName, message: text },
            stream,
          );
      } else if (isProblem) {
        write(`${functionName}: ${entry ? describeEntry(entry) : text}`, "stderr");
      }
    },
    note(text) {
      if (mode === "json") sayJson({ level: "INFO", message: text });
      else if (mode === "text") write(text, "stdout");
    },
    problem(text) {
      if (mode === "json") sayJson({ level: "ERROR", message: text }, "stderr");
      else write(text, "stderr");
    },
  };
}

/** A structured log line; undefined for other text. */
export function readEntry(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A structured log line as readable text: level, message, and the error's stack. */
function describeEntry(entry: Record<string, unknown>): string {
  const error = entry.error as { name?: string; message?: string; stack?: string } | undefined;
  const cause = error ? `\n  ${error.stack ?? `${error.name}: ${error.message}`}` : "";
  return `${entry.level} ${entry.message}${cause}`;
}
