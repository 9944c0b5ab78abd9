import * as z from "zod";
import type { Templates } from "./templates.ts";

const Aliases = z.object({ DistributionConfig: z.object({ Aliases: z.array(z.string()) }) });

/** The names of the stage's distributions; all else about them is CloudFront's alone. */
export function readDomains({ stacks }: Templates): string[] {
  return [...stacks.values()].flatMap(({ Resources = {} }) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === "AWS::CloudFront::Distribution")
      .flatMap(({ Properties }) => Aliases.parse(Properties).DistributionConfig.Aliases),
  );
}
