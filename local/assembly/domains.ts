import * as z from "zod";
import type { Templates } from "./templates.ts";

const Distribution = z.object({
  DistributionConfig: z.object({ Aliases: z.array(z.string()), WebACLId: z.unknown().optional() }),
});

/** The host names of the stage's distributions; the runner emulates nothing else of CloudFront. */
export function readDomains({ stacks }: Templates) {
  const hosts = [...stacks.values()].flatMap(({ Resources = {} }) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === "AWS::CloudFront::Distribution")
      .map(({ Properties }) => Distribution.parse(Properties).DistributionConfig),
  );
  return {
    domains: hosts.flatMap(({ Aliases }) => Aliases),
    hasHostFirewall: hosts.some(({ WebACLId }) => WebACLId !== undefined),
  };
}
