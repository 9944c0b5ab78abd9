import { stageNamed } from "../../lib/stages/stages.ts";
import { reportsOf } from "./templates.ts";

test("a relay with a domain passes CloudFormation's own rules and those for solutions", async () => {
  const pluginReports = await reportsOf(
    {
      ...stageNamed("dev"),
      account: "111122223333",
      region: "eu-central-1",
      domain: { name: "live.acme.com", zone: { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" } },
      relay: { minTasks: 2, maxTasks: 8, fromViewers: 2_000 },
    },
    "ovation-dev-relay",
  );
  expect(pluginReports.map(({ pluginName }) => pluginName)).toContain("CloudFormation Validate");
  const found = pluginReports.flatMap(({ violations }) => violations);
  expect(found.filter((one) => JSON.stringify(one).includes("ovation-dev-relay"))).toEqual([]);
});
