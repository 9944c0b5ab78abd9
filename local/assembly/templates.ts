/** Anything that JSON can hold; templates are read without a schema of their own. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** What has names for its values. */
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
  Conditions?: Record<string, Json>;
  Mappings?: Record<string, Record<string, Record<string, Json>>>;
};

/** The stacks of one stage by stack name, with what the machine decides for them. */
export type Templates = {
  stacks: Map<string, Template>;
  region: string;
  account: string;
  /** Values of SSM parameters by parameter name; they win over AWS::SSM::Parameter resources. */
  parameters: Record<string, string>;
};
