import { Logger } from "@aws-lambda-powertools/logger";
import { jest } from "@jest/globals";
import { noteLoss } from "../../platform/push/losses.ts";
import { reaction } from "../../platform/reaction.ts";
import { resourcesOf, templatesOf } from "./templates.ts";

test.each(["dev", "prod"])(
  "in %s posts that were lost are counted and alarm somebody",
  async (stage) => {
    const templates = await templatesOf({ stage });
    const filters = resourcesOf(templates, "AWS::Logs::MetricFilter", "watch");
    const { Properties: filter } = filters.find(({ Properties }) =>
      Properties.FilterPattern.includes("Posts were lost"),
    )!;
    const [transformation] = filter.MetricTransformations;
    expect(filter.FilterPattern).toBe('{ $.message = "Posts were lost" }');
    expect(transformation).toMatchObject({
      MetricNamespace: `ovation/${stage}`,
      MetricName: "lost-posts",
      MetricValue: "$.lost",
    });
    const alarms = resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch");
    const watching = alarms.filter(({ Properties }) => Properties.MetricName === "lost-posts");
    expect(watching).toHaveLength(1);
    expect(watching[0]!.Properties).toMatchObject({
      Namespace: `ovation/${stage}`,
      Statistic: "Sum",
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      Threshold: 100,
    });
    expect(watching[0]!.Properties.AlarmActions).toHaveLength(1);
  },
);

test("a function that lost posts says how many, once, in the words that the metric looks for", async () => {
  const said = jest.spyOn(Logger.prototype, "info").mockImplementation(() => undefined);
  const { handler } = reaction(
    { says: "Lose three posts", on: { every: "1 minute" }, grants: {} },
    async () => {
      for (let n = 0; n < 3; n++) noteLoss();
      throw new Error("and fail");
    },
  );
  await expect(handler({})).rejects.toThrow("and fail");
  expect(said.mock.calls).toEqual([["Posts were lost", { lost: 3 }]]);
});
