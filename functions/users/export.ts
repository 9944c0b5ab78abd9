import { endpoint } from "../../platform/http/endpoint.ts";
import { collectOwnData, OwnData } from "../../platform/own-data/export.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/users/me/export",
    says: "Export everything that is kept about oneself: of each kind the newest 1,000",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    answer: [200, OwnData],
    rate: "exports",
    refusals: [],
    grants: {
      read: ["USER", "WALLET", "LEDGER", "TRACE", "STREAM", "BAN"],
      dueIndex: true,
    },
    memoryMegabytes: 512,
    timeoutSeconds: 20,
  },
  ({ caller, now }) => collectOwnData(caller.userId, now),
);
