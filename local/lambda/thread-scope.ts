import { AsyncLocalStorage } from "node:async_hooks";

/** Which function's code is running, and the environment that it has. */
type Scope = { name: string; environment: Record<string, string> };

/** A line that a function has written. */
export type LineMessage = { kind: "line"; name: string; text: string; stream: "stdout" | "stderr" };

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Keeps the functions of one thread apart: `process.env` is the environment of whichever function's
 * code reads it, and each log line is attributed to the function that wrote it. That holds for all
 * that `run` starts, however late: promises, timers and sockets go on in the scope that they began
 * in.
 */
export function separateFunctions(tell: (message: LineMessage) => void): {
  run<Result>(scope: Scope, work: () => Result): Result;
} {
  process.env = createEnvironment();
  for (const stream of ["stdout", "stderr"] as const)
    process[stream].write = createWrite((text) => {
      const name = scopes.getStore()?.name ?? "";
      for (const line of text.split("\n"))
        if (line !== "") tell({ kind: "line", name, text: line, stream });
    });
  return { run: (scope, work) => scopes.run(scope, work) };
}

/** An object that reads and writes the environment of the function at work, and is none itself. */
function createEnvironment(): NodeJS.ProcessEnv {
  const none: Record<string, string> = {};
  const current = () => scopes.getStore()?.environment ?? none;
  return new Proxy<NodeJS.ProcessEnv>(
    {},
    {
      get: (_, name) => Reflect.get(current(), name),
      has: (_, name) => Object.hasOwn(current(), name),
      ownKeys: () => Reflect.ownKeys(current()),
      getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(current(), name),
      // Whatever is written into an environment becomes text.
      set: (_, name, value) => Reflect.set(current(), name, String(value)),
      defineProperty: (_, name, { value }) => Reflect.set(current(), name, String(value)),
      deleteProperty: (_, name) => Reflect.deleteProperty(current(), name),
    },
  );
}

type Write = typeof process.stdout.write;

/** The `write` of a stream that only hands on what it is given. */
function createWrite(take: (text: string) => void): Write {
  return ((
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | (() => void),
    done?: () => void,
  ): boolean => {
    take(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    const told = typeof encoding === "function" ? encoding : done;
    if (told !== undefined) queueMicrotask(told);
    return true;
  }) as Write;
}
