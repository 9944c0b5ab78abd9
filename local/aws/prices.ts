/**
 * The list prices that the meter uses: us-east-1, arm64, on demand, without free tier, in dollars.
 * The first tier of each; read from the AWS price lists on the date given.
 */
export const prices = {
  region: "us-east-1",
  date: "2026-09",
  dynamodb_write_units: 0.625e-6,
  dynamodb_read_units: 0.125e-6,
  lambda_requests: 0.2e-6,
  lambda_gigabyte_seconds: 0.0000133334,
  websocket_messages: 1e-6,
  websocket_connection_minutes: 0.25e-6,
  rest_requests: 3.5e-6,
  sqs_standard_requests: 0.4e-6,
  sqs_fifo_requests: 0.5e-6,
  /** The table's storage, per gigabyte and month. */
  dynamodb_gigabyte_months: 0.25,
  /** Ingested by CloudWatch. */
  log_gigabytes: 0.5,
  /** Sent to the Internet. */
  gigabytes_out: 0.09,
  /**
   * A call under a domain and the data sent to viewers: HTTPS, North America. These and the
   * firewall's are from undated copies of AWS's pages; the prices of a call and of an incoming
   * gigabyte are in no copy, and still have to be compared with the price list.
   */
  cloudfront_requests: 1e-6,
  cloudfront_gigabytes_out: 0.085,
  /** Data that CloudFront sends to the APIs; their responses are free. */
  cloudfront_gigabytes_in: 0.02,
  /** A domain's firewall: a call, and a month of it and of each of its rules. */
  firewall_requests: 0.6e-6,
  firewall_months: 5,
  firewall_rule_months: 1,
  /**
   * A relay's tasks, on arm64, and public addresses: an hour of a CPU, a gigabyte and an address.
   */
  fargate_cpu_hours: 0.03238,
  fargate_gigabyte_hours: 0.00356,
  public_address_hours: 0.005,
  /** A relay's load balancer: an hour, and an hour of 3,000 sockets or a gigabyte. */
  balancer_hours: 0.0225,
  balancer_unit_hours: 0.006,
  /** From one zone to another, both directions together. */
  gigabytes_between_zones: 0.02,
  /** Each month, used or not. */
  alarm_months: 0.1,
  metric_months: 0.3,
  dashboard_months: 3,
  secret_months: 0.4,
} as const;

/** The priced items: the keys of `prices` without its description. */
export type PricedItem = Exclude<keyof typeof prices, "region" | "date">;

/** Traffic in and out under a domain. */
export type DistributionUse = {
  requests: number;
  gigabytesIn: number;
  gigabytesOut: number;
  firewall: boolean;
};

/** The CloudFront and firewall charges for traffic, without the firewall's monthly ones. */
export const itemsOfDistribution = ({
  requests,
  gigabytesIn,
  gigabytesOut,
  firewall,
}: DistributionUse) =>
  ({
    cloudfront_requests: requests,
    cloudfront_gigabytes_out: gigabytesOut,
    cloudfront_gigabytes_in: gigabytesIn,
    ...(firewall && { firewall_requests: requests }),
  }) satisfies Partial<Record<PricedItem, number>>;

/** The cost of each of `items`, in dollars, and their total. */
export function dollarsOf(items: Iterable<readonly [PricedItem, number]>) {
  const dollars: Partial<Record<PricedItem, number>> & { total: number } = { total: 0 };
  for (const [name, amount] of items) {
    dollars[name] = amount * prices[name];
    dollars.total += amount * prices[name];
  }
  return dollars;
}
