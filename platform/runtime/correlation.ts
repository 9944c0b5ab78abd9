let current: string | undefined;

/**
 * Says whose call is handled from now on: the `x-request-id` of its answer, or nobody's, where no
 * caller waits. One for the process, since Lambda gives an environment one event at a time.
 */
export function setCorrelation(requestId: string | undefined): void {
  current = requestId;
}

/** The request id of the call that is handled; undefined where it is nobody's. */
export const correlationId = () => current;
