import { endpoint } from "../../../platform/http/endpoint.ts";
import { collectOwnData } from "../../../platform/own-data/export.ts";
import { OwnData } from "../../../platform/own-data/own-data.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me/export",
    summary: "Export my data: the newest 1,000 items of each kind",
    tag: "Users",
    caller: "user",
    answer: [200, OwnData],
    rate: "exports",
    cost: { read: 5250, kilobytes: 2400 },
    grants: {
      read: ["USER", "WALLET", "LEDGER", "TRACE", "STREAM", "BAN", "CROWD"],
      dueIndex: true,
    },
    memoryMegabytes: 512,
    timeoutSeconds: 20,
  },
  ({ caller, now }) => collectOwnData(caller.userId, now),
);
