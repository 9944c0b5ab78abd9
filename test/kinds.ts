/**
 * Test files that only `npm run test:all` runs, by kind. They repeat cases of the short run under
 * more circumstances, or are slow by nature. Paths below `test/`, without `.test.ts`; a name that
 * ends in `/` is a whole folder.
 */
export const slowKinds = {
  /** Faults at every step or in random orders, and every route or message in turn. */
  "fault matrices": [
    "api/contract",
    "api/described",
    "api/hostile",
    "api/idempotency-routes",
    "api/pass-routes",
    "bin/log-secrets",
    "bin/preflight-answers",
    "client/schedules",
    "local/alarms",
    "local/call-faults",
    "local/delivery",
    "local/lost-posts",
    "local/outages",
    "local/repeats",
    "local/queued-follow-ups",
    "local/table-switches",
    "platform/aws/answers",
    "platform/money/callback-collusion",
    "platform/money/callback-fates",
    "platform/money/callback-faults",
    "platform/money/collusion",
    "platform/money/faults",
    "platform/money/funding-faults",
    "platform/money/funding-races",
    "platform/money/model",
    "platform/push/log-schedules",
    "platform/push/schedules",
    "platform/queued-follow-ups",
    "platform/time-outs",
  ],
  /** Systems that are killed and restarted. */
  kills: [
    "api/start",
    "bin/audit",
    "bin/import-killed",
    "bin/npm-start",
    "bin/restart",
    "local/redriven-batches",
    "local/webhooks",
    "platform/migrate-killed",
    "platform/money/funding-kills",
    "web/studio-kills",
  ],
  /** Many clients, items of maximum size, or sustained load. */
  loads: [
    "api/churn",
    "client/network",
    "local/disk",
    "local/slices",
    "local/shared-workers",
    "platform/busy-host",
    "platform/costs",
    "platform/erasure-bounds",
    "platform/export",
    "platform/gift-pages",
    "platform/large-funding",
    "platform/many-moments",
    "platform/notification-units",
    "platform/picture-sizes",
    "platform/push/estimate",
    "platform/push/simulation",
    "web/chat-load",
    "web/overlay-load",
    "web/overlay-memory",
  ],
  /**
   * Further features of pages, commands and clients; the API behind them has its cases in `api`.
   */
  features: [
    "bin/ovation-usage",
    "client/runtimes",
    "web/channel",
    "web/chat-audience",
    "web/chat-drafts",
    "web/chat-gifts",
    "web/chat-keyboard",
    "web/chat-outages",
    "web/chat-replies",
    "web/chat-roles",
    "web/chat-rows",
    "web/chat-tokens",
    "web/console-admin",
    "web/console-forms",
    "web/console-home",
    "web/console-lost",
    "web/console-pages",
    "web/console-sign-in",
    "web/console-support",
    "web/console-words",
    "web/docs-contents",
    "web/keyboard",
    "web/keyboard-tasks",
    "web/overlay-audience",
    "web/overlay-outages",
    "web/studio-streamer",
  ],
  /** Every page in every size, colour scheme and state, and the recorded pictures. */
  looks: [
    "web/console-lists",
    "web/console-looks",
    "web/docs-looks",
    "web/docs-prod",
    "web/guides",
    "web/moving-picture",
    "web/overlay-looks",
    "web/states",
    "web/studio-looks",
  ],
  /** The guides and examples, followed step by step. */
  guides: ["api/webhook-guide", "examples/", "local/stage"],
  /**
   * Stages with other options than dev and prod (a domain, a relay, copies of backups), changed
   * deployments, CloudFormation's own rules, and commands that deploy a stage or estimate its cost.
   */
  deployments: [
    "bin/cost",
    "bin/deploy",
    "cloud/backups",
    "cloud/delivery",
    "cloud/fixed-costs",
    "cloud/distribution",
    "cloud/distribution-watch",
    "cloud/limits",
    "cloud/relay",
    "cloud/relay-rules",
    "cloud/transitions",
  ],
  /**
   * Data of earlier versions, copies, and what is built: systems, the client, the relay's bundle.
   */
  restores: [
    "bin/assembly",
    "bin/cold-start",
    "bin/drill",
    "bin/layout",
    "bin/reload",
    "bin/reset-logs",
    "bin/restore",
    "client/built",
    "local/read-only",
    "local/relay-bundle",
    "platform/releases/releases",
  ],
} satisfies Record<string, string[]>;

/**
 * Folders with tests of the stacks, the commands, the AWS clients and the AWS of `npm start`, and
 * of the rules for sources and documents. A plain `npm test` leaves them out; `--changed` runs
 * those that a change affects.
 */
export const infrastructure: string[] = [
  "bin/",
  "cloud/",
  "conventions/",
  "local/",
  "platform/aws/",
];

/** Files of `infrastructure` that test what clients see: `npm test` runs them. */
export const clientFacing: string[] = [
  "bin/import",
  "bin/start-output",
  "local/faults",
  "local/grants",
  "local/issuer",
  "local/relay",
  "local/runner-access",
];

/** Measurements with limits in real time: they run only by name (`npm run bench:studio`). */
export const measurements: string[] = ["web/studio-load"];

/** Files that use all processors: they run one at a time after all parallel ones. */
export const alone: string[] = ["api/churn", "local/shared-workers", "web/studio-load"];

/**
 * Files with limits in real time that leave most of a processor idle: they run after all others,
 * two at a time.
 */
export const timed: string[] = [
  // A gift that is not charged after 1.6 s is refused, because Tencent waits for two.
  "api/tencent-callback",
  "platform/money/callback-fates",
  "platform/money/callback-faults",
  // A post without an answer is lost after two seconds.
  "platform/push/gateway",
  // The newest message is in the overlay within half a second.
  "web/overlay-load",
  // A chat leaves half of the time between two events to its page.
  "web/chat-load",
];

/**
 * Files that mostly wait for time-outs and deadlines: they run one at a time next to the parallel
 * ones, whose workers they would leave idle. Together they must take less time than the parallel
 * ones, or the processors idle at the end of the run.
 */
export const waiting: string[] = [
  "api/combos",
  "api/events",
  "api/likes",
  "api/sessions",
  "api/tickets",
  "api/trains",
  "api/webhooks",
  "bin/read-only",
  "client/polling",
  "platform/gateway-faults",
  "platform/items",
  "platform/webhooks/hanging",
];

/** The longest files start first, so that no worker waits for one at the end. */
export const longFiles: string[] = [
  "platform/money/callback-fates",
  "platform/money/callback-faults",
  "platform/money/faults",
  "local/repeats",
  "local/outages",
  "local/queued-follow-ups",
  "web/chat",
  "web/studio",
  "examples/guides",
  "bin/restore",
  "platform/push/schedules",
  "api/hostile",
  "web/console-looks",
  "platform/large-funding",
  "platform/money/funding-races",
  "bin/cold-start",
  "bin/reload",
  "local/delivery",
  "bin/ovation-usage",
  "cloud/transitions",
  "web/overlay-looks",
  "local/lost-posts",
  "local/alarms",
  "platform/money/funding-kills",
  "api/contract",
  "platform/costs",
  "cloud/stacks",
  "cloud/relay",
  "web/overlay",
  "local/relay",
  "api/passes",
  "bin/deploy",
  "bin/local",
  "local/read-only",
  "platform/time-outs",
  "platform/picture-sizes",
  "api/idempotency",
  "platform/realtime/expiry",
  "platform/push/simulation",
  "api/sockets",
  "platform/own-data",
];

const isIn = (names: readonly string[], file: string) =>
  names.some((name) =>
    name.endsWith("/") ? file.startsWith(`test/${name}`) : file === pathOf(name),
  );

export const pathOf = (name: string) => `test/${name}.test.ts`;
/** Whether a test file, by its path from the root, runs only in `npm run test:all`. */
export const isSlow = (file: string) => isIn(Object.values(slowKinds).flat(), file);
/** Whether a test file is left out of a plain `npm test` because it tests infrastructure. */
export const isInfrastructure = (file: string) =>
  isIn(infrastructure, file) && !isIn(clientFacing, file);
/** Whether a test file is one of the longest. */
export const isLong = (file: string) => isIn(longFiles, file);
/** Whether a test file runs alone. */
export const isAlone = (file: string) => isIn(alone, file);
/** Whether a test file has limits in real time that other work must not delay. */
export const isTimed = (file: string) => isIn(timed, file);
/** Whether a test file runs next to the parallel ones. */
export const isWaiting = (file: string) => isIn(waiting, file);
/** Whether a test file runs only by name. */
export const isMeasurement = (file: string) => isIn(measurements, file);
