/**
 * Request context of a check: the values of each condition key; absent keys are not in the request.
 */
export type AccessContext = Record<string, string[]>;

/** One action on one resource that a request needs. */
export type Access = { action: string; resource: string; context?: AccessContext };
