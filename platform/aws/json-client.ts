import { boundedTimeout, pauseFor } from "../runtime/deadline.ts";
import { awsEnvironment, setting, traceId } from "../runtime/env.ts";
import { type Body, readAnswer } from "./answer.ts";
import {
  installedTransport,
  sendWithin,
  type Transport,
  type TransportAnswer,
  type TransportRequest,
} from "./aws-client.ts";
import { createRetries, type Failure, waitOf } from "./retries.ts";
import { collectHeaders, createSigner, hashOf, type Signing } from "./sign.ts";
import { openSockets } from "./transport.ts";

/** An AWS service that speaks JSON, with its names in requests and signatures. */
export type Service = {
  /** In the service's host name and in the scope of a signature. */
  name: "dynamodb" | "sqs" | "secretsmanager" | "cognito-idp";
  /** The prefix of an operation in `x-amz-target`. */
  target: string;
  version: "1.0" | "1.1";
  /** The longest first pause before a retry, in milliseconds. */
  pauseBase: number;
};

/** The parts of the SDK's client configuration that are used. */
export type ClientSettings = {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  maxAttempts: number;
  /** `requestTimeout`: the timeout of one attempt, in milliseconds. */
  requestHandler: { requestTimeout: number };
};

/** One operation with its input. */
export abstract class Command<Input = object> {
  abstract readonly operation: string;
  readonly input: Input;

  constructor(input: Input) {
    this.input = input;
  }
}

/**
 * A client of one service, which replaces the SDK's in the bundles: it signs, sends, retries and
 * names errors as the SDK does, without the SDK's other features
 * (docs/decisions/code-structure.md). Each attempt is limited by its own timeout and by the rest of
 * the invocation's time (platform/runtime/deadline.ts).
 */
export class JsonClient {
  readonly #service: Service;
  readonly #settings: ClientSettings;
  readonly #retries: ReturnType<typeof createRetries>;
  #sockets: ReturnType<typeof openSockets> | undefined;
  #endpoint: URL | undefined;
  #signer: { by: Signing; sign: ReturnType<typeof createSigner> } | undefined;

  constructor(service: Service, settings: ClientSettings) {
    this.#service = service;
    this.#settings = settings;
    this.#retries = createRetries(settings.maxAttempts, service.pauseBase);
  }

  /** Makes the call of a command. */
  send({ operation, input }: Command): Promise<Body> {
    return this.call(operation, JSON.stringify(input));
  }

  /**
   * Makes one call, with retries, and returns the service's response. `body` is the request as
   * JSON; every attempt sends the same. Rejects after the last attempt with the service's error,
   * the connection's error, or a `TimeoutError`; with the refusal `unavailable` once the
   * invocation's time is up.
   */
  async call(operation: string, body: string): Promise<Body> {
    let totalRetryDelay = 0;
    let cost: number | undefined;
    for (let attempts = 1; ; attempts++) {
      let answer: TransportAnswer | undefined;
      try {
        answer = await this.#try(operation, body);
        const output = readAnswer(answer);
        this.#retries.afterSuccess(cost);
        return output;
      } catch (error) {
        const failure = error as Failure;
        const wait = answer && waitOf(answer.headers, Date.now());
        const retry = this.#retries.afterFailure(failure, attempts, wait);
        if (retry === undefined) {
          failure.$metadata = Object.assign(failure.$metadata ?? {}, { attempts, totalRetryDelay });
          throw failure;
        }
        ({ cost } = retry);
        totalRetryDelay += retry.pause;
        await pauseFor(retry.pause);
      }
    }
  }

  /** Closes the connections. */
  destroy(): void {
    this.#sockets?.close();
    this.#sockets = undefined;
  }

  /** One attempt, which ends with its response or its timeout. */
  #try(operation: string, body: string): Promise<TransportAnswer> {
    const milliseconds = boundedTimeout(this.#settings.requestHandler.requestTimeout);
    const installed = installedTransport();
    // The runner verifies no signature, and signing is a twentieth of its threads' CPU.
    const hash = installed === undefined ? hashOf(body) : undefined;
    const request = this.#request(operation, body, hash);
    return sendWithin(installed ?? this.#socketTransport(), request, milliseconds);
  }

  #request(operation: string, body: string, payloadHash: string | undefined): TransportRequest {
    const { target, version } = this.#service;
    const { host } = this.#place();
    const call = `${target}.${operation}`;
    const signed = { method: "POST", path: "/", payloadHash, target: call } as const;
    const headers: Record<string, string> = {
      "content-type": `application/x-amz-json-${version}`,
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-target": call,
    };
    collectHeaders(this.#signature()(signed, Date.now()), headers);
    const trace = traceId();
    if (trace !== undefined) headers["x-amzn-trace-id"] = trace;
    return { host, headers, body };
  }

  #place(): URL {
    this.#endpoint ??= new URL(
      this.#settings.endpoint ?? endpointOf(this.#service, this.#region()),
    );
    return this.#endpoint;
  }

  #region = () => this.#settings.region ?? awsEnvironment().region;

  #socketTransport(): Transport {
    this.#sockets ??= openSockets(this.#place());
    return this.#sockets.transport;
  }

  /** Created again when the credentials in the environment have changed. */
  #signature(): ReturnType<typeof createSigner> {
    const by = this.#settings.credentials ?? awsEnvironment();
    const made = this.#signer?.by;
    if (
      this.#signer === undefined ||
      by.accessKeyId !== made?.accessKeyId ||
      by.secretAccessKey !== made.secretAccessKey ||
      by.sessionToken !== made.sessionToken
    ) {
      if (by.accessKeyId === "" || by.secretAccessKey === "") throw new CredentialsProviderError();
      const { name, version } = this.#service;
      const signing: Signing = {
        service: name,
        region: this.#region(),
        accessKeyId: by.accessKeyId,
        secretAccessKey: by.secretAccessKey,
        sessionToken: by.sessionToken,
        contentType: `application/x-amz-json-${version}`,
      };
      this.#signer = { by: signing, sign: createSigner(this.#place().host, signing) };
    }
    return this.#signer.sign;
  }
}

/** There are no credentials. */
class CredentialsProviderError extends Error {
  override name = "CredentialsProviderError";
  constructor() {
    super("Unable to find environment variable credentials.");
  }
}

/** The public endpoint of a service in a region. */
function endpointOf({ name }: Service, region: string): string {
  const own = setting("AWS_ENDPOINT_URL");
  if (own !== undefined) return own;
  return `https://${name}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
