import { createDistributionMeter } from "../../local/aws/distribution-meter.ts";
import { createMeter } from "../../local/aws/meter.ts";
import { makeStage } from "./sample-stage.ts";

const metered = (part: Parameters<typeof makeStage>[0]) => {
  const meter = createMeter();
  const count = createDistributionMeter(makeStage(part), meter);
  count({ requests: 1, bytesIn: 1_000, bytesOut: 2_000 });
  count({ bytesOut: 500 });
  return meter.report();
};

test("a call and a post under a domain cost what CloudFront and its firewall charge", () => {
  const { items, dollars } = metered({ domains: ["live.acme.com"], hasHostFirewall: true });
  expect(items).toEqual({
    cloudfront_requests: 1,
    cloudfront_gigabytes_in: 1e-6,
    cloudfront_gigabytes_out: expect.closeTo(2.5e-6, 12),
    firewall_requests: 1,
  });
  expect(dollars.total).toBeCloseTo(1e-6 + 0.02e-6 + 2.5e-6 * 0.085 + 0.6e-6, 12);
});

test("without a firewall no firewall requests are billed, and without a domain nothing is", () => {
  expect(metered({ domains: ["live.acme.com"] }).items).not.toHaveProperty("firewall_requests");
  expect(metered({ domains: [] }).items).toEqual({});
});
