/**
 * One action on one resource that a request needs. `leadingKeys` are the partition key values in
 * the request, which `dynamodb:LeadingKeys` conditions restrict; undefined if it has none.
 */
export type Access = { action: string; resource: string; leadingKeys?: string[] };
