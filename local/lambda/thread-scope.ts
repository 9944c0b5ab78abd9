import { AsyncLocalStorage } from "node:async_hooks";

/** The function whose code is running, and its environment. */
export type Scope = { name: string; environment: Record<string, string> };

/** A log line of a function. */
export type LineMessage = { kind: "line"; name: string; text: string; stream: "stdout" | "stderr" };

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Isolates the functions of one thread: `process.env` is the environment of the function that reads
 * it, and each log line belongs to the function that wrote it. This holds for everything that `run`
 * starts, however late: promises, timers and sockets keep the scope in which they were created.
 */
export function isolateFunctions(tell: (message: LineMessage) => void): {
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

/** A proxy that reads and writes the environment of the running function. */
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
      // Environment values are always strings.
      set: (_, name, value) => Reflect.set(current(), name, String(value)),
      defineProperty: (_, name, { value }) => Reflect.set(current(), name, String(value)),
      deleteProperty: (_, name) => Reflect.deleteProperty(current(), name),
    },
  );
}

type Write = typeof process.stdout.write;

/** The `write` method of a stream that passes its input to `take`. */
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
