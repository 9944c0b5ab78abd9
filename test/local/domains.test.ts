import { readDomains } from "../../local/assembly/domains.ts";
import type { Templates } from "../../local/assembly/templates.ts";

const templatesWith = (config: object): Templates => {
  const Properties = { DistributionConfig: { Aliases: ["live.example.com"], ...config } };
  const Resources = { Host: { Type: "AWS::CloudFront::Distribution", Properties } };
  return { stacks: new Map([["host", { Resources }]]) } as unknown as Templates;
};

test("a stage with a domain runs with and without a firewall", () => {
  const domains = ["live.example.com"];
  expect(readDomains(templatesWith({}))).toEqual({ domains, hasHostFirewall: false });
  const firewall = { WebACLId: { "Fn::GetAtt": ["Firewall", "Arn"] } };
  expect(readDomains(templatesWith(firewall))).toEqual({ domains, hasHostFirewall: true });
});
