/**
 * A refusal of the engine: the exception's name, its message and further fields of the response.
 */
export class EngineFailure extends Error {
  override name = "EngineFailure";
  readonly type: string;
  /** Members of the response in addition to the message, such as CancellationReasons. */
  readonly members: Record<string, unknown>;
  constructor(type: string, message: string, members: Record<string, unknown> = {}) {
    super(message);
    this.type = type;
    this.members = members;
  }
}

/** A ValidationException: the request itself is wrong. */
export function invalid(message: string): EngineFailure {
  return new EngineFailure("ValidationException", message);
}

/** A ValidationException about one value of the request. */
export function invalidParameter(message: string): EngineFailure {
  return invalid(`One or more parameter values were invalid: ${message}`);
}

/** The table or index does not exist. */
export function notFound(message = "Requested resource not found"): EngineFailure {
  return new EngineFailure("ResourceNotFoundException", message);
}
