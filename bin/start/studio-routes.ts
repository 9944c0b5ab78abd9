import type { PreparedSystem } from "../../local/index.ts";
import { demoIds, demoPeople, openRunnersTable } from "./demo.ts";

type Route = {
  method: string;
  path: string;
  handler(): Promise<Answer> | Answer;
};
type Answer = { status: number; body?: unknown };

/** A mismatch is checked again for this long, because a gift may be in flight. */
const auditPatienceMilliseconds = 5_000;
const misfitsMax = 20;

const [viewer, host, admin] = demoPeople.map(({ name: _, says: __, ...person }) => person);
const elif = { preferred_username: "elif.yilmaz", given_name: "Elif", family_name: "Yılmaz" };
/** The demo users of Studio, as `POST /local/token` takes them. */
const demoUsers = [
  host,
  { ...viewer, credits: 20_000 },
  { sub: "studio-elif", claims: elif, credits: 50_000 },
  admin,
];

/**
 * The routes below `/local` that Studio calls: demo users, audit, kill. Without `restart` no system
 * would run after a kill, which is then refused.
 */
export function listStudioRoutes(
  system: PreparedSystem,
  { restart }: { restart: (() => void) | undefined },
): Route[] {
  const { streamId } = demoIds;
  let auditing: Promise<object> | undefined;
  return [
    {
      method: "GET",
      path: "/local/studio",
      handler: () => ({ status: 200, body: { streamId, people: demoUsers } }),
    },
    {
      method: "POST",
      path: "/local/restart",
      handler() {
        if (restart === undefined) {
          const errors = ["DATA_DIR is :memory:, so nothing would be left after a restart"];
          return { status: 409, body: { errors } };
        }
        restart();
        return { status: 202, body: { url: system.url } };
      },
    },
    {
      method: "GET",
      path: "/local/audit",
      async handler() {
        // Concurrent requests share one audit, because it reads the whole table.
        auditing ??= auditTable(system).finally(() => {
          auditing = undefined;
        });
        return { status: 200, body: await auditing };
      },
    },
  ];
}

/** The result of `npm run audit` as data. */
async function auditTable(system: PreparedSystem) {
  const [{ audit }, { scanTable }, { useTable }, { client, tableName }] = await Promise.all([
    import("../../platform/audit/audit.ts"),
    import("../../platform/table/query.ts"),
    import("../../platform/table/table.ts"),
    openRunnersTable(system),
  ]);
  process.env.TABLE_NAME = tableName;
  useTable(client);
  try {
    const { sums, misfits, more } = await audit({
      read: () => scanTable(),
      now: new Date(),
      patienceMilliseconds: auditPatienceMilliseconds,
      pause: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    });
    return { fits: misfits.length + more === 0, sums, misfits: misfits.slice(0, misfitsMax) };
  } finally {
    client.destroy();
  }
}
