/** Any JSON value; templates are read without their own schema. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

export type Resource = {
  Type: string;
  Condition?: string;
  Properties?: JsonObject;
  Metadata?: JsonObject;
};

export type Template = {
  Resources?: Record<string, Resource>;
  Parameters?: Record<string, { Type?: string; Default?: Json }>;
  Outputs?: Record<string, { Value: Json; Export?: { Name: Json } }>;
};

/** The stacks of one stage by stack name, with the machine's own values for them. */
export type Templates = {
  stacks: Map<string, Template>;
  region: string;
  account: string;
  /** Values of SSM parameters by name. */
  parameters: Record<string, string>;
};
