/** The arguments of `npm test`. */
export const usage = `Usage: npm test [-- options] [paths]

Without a path: the tests of what clients and users see, and of the rules behind it: every test but
the slow kinds and those of infrastructure (test/kinds.ts), in about 5 minutes on two cores.
With paths: the test files whose path contains one of them, slow ones too.

  -t <name>        only tests whose name contains it
  --changed        what uncommitted changes can affect, infrastructure too; --changed=main: what has
                   changed since main
  --watch          runs again what a change affects, without the slow kinds, or the given paths;
                   its systems stay up
  --all            every test, one run with the SDK's clients, and the black-box tests of sockets
                   once more at a relay (npm run test:all)
  --help           this

Any other option is jest's, such as --verbose. SEED=<number> repeats random cases: a failure prints
its seed. CI=true runs more random cases, and fails where a browser or the second engine is missing.
PAGE_LATENCY=<ms> delays pages and their requests, and PAGE_SLOWDOWN=<factor> slows their scripts,
which reveals tests that read a page too early.`;

/** Options that take the next argument. */
const valued = ["-t", "--testNamePattern", "--testTimeout", "-w", "--maxWorkers", "--shard"];

export type TestOptions = {
  help: boolean;
  all: boolean;
  watch: boolean;
  /** The commit that changes are counted from; undefined to run tests regardless of changes. */
  changedSince: string | undefined;
  paths: string[];
  /** The name filter of the tests. */
  name: string | undefined;
  /** Arguments that are passed on to jest. */
  jest: string[];
};

/** Parses the arguments of `npm test`. */
export function readTestOptions(given: readonly string[]): TestOptions {
  const options: TestOptions = {
    help: false,
    all: false,
    watch: false,
    changedSince: undefined,
    paths: [],
    name: undefined,
    jest: [],
  };
  const rest = [...given];
  for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
    const [, name = one, value] = /^(-[^=]*)=(.*)$/s.exec(one) ?? [];
    if (one === "--help" || one === "-h") options.help = true;
    else if (one === "--all") options.all = true;
    else if (one === "--watch") options.watch = true;
    else if (name === "--changed") options.changedSince = value ?? "HEAD";
    else if (one.startsWith("-")) {
      const own = value ?? (valued.includes(name) ? rest.shift() : undefined);
      if (name === "-t" || name === "--testNamePattern") options.name = own;
      options.jest.push(
        own === undefined ? name : `${name === "-t" ? "--testNamePattern" : name}=${own}`,
      );
    } else options.paths.push(one);
  }
  return options;
}
