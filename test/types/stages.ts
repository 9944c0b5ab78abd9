/** What a stage does not let anybody name: the compiler alone runs this (`npm run types`). */
import type { Row, Stage } from "../../lib/stages/stages.ts";

export const known: Stage["memoryMegabytes"] = { "realtime/fan-out": 3538 };

// @ts-expect-error: the route table has no function of that name.
export const memory: Stage["memoryMegabytes"] = { "realtime/fanout": 3538 };

// @ts-expect-error: the name as AWS has it is not the route table's.
export const reserved: Stage["reservedConcurrency"] = { "ovation-prod-auth-http": 200 };

declare const prod: Stage;
const { name, account, region, domain, restored, backupCopy, issuer, repository, ...policy } = prod;

/** Another stage's policy may be taken over. */
export const inherited: Row = { policy };

// @ts-expect-error: a stage has a table, a domain and a name, which no other stage takes over.
export const whole: Row = { policy: prod };

// @ts-expect-error: nor one of them by itself.
export const restoredToo: Row = { policy: { ...policy, restored } };

// @ts-expect-error: a domain is the place's.
export const domainToo: Row = { policy: { ...policy, domain } };

export const own: Row = {
  policy: { ...policy, postRate: 1 },
  place: { region: "eu-central-1", domain: { name: "a.acme.com", certificate: "arn" } },
};
