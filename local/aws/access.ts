/** Request context of a check: condition key to its values; an absent key is not in the request. */
export type AccessContext = Record<string, string[]>;

/** One action on one resource that a request needs. */
export type Access = { action: string; resource: string; context?: AccessContext };
