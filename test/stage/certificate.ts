import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";

/** A certificate that signs itself, with its key; both in PEM. */
export type Certificate = { certificate: string; key: string };

const validMilliseconds = 24 * 3600_000;

/** Tags of DER. https://www.itu.int/rec/T-REC-X.690 */
const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  bytes: 0x04,
  id: 0x06,
  text: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  dnsName: 0x82,
  address: 0x87,
  version: 0xa0,
  extensions: 0xa3,
};

/** Object identifiers, as the bytes that DER has for them. */
const ids = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  basicConstraints: "551d13",
  subjectAltName: "551d11",
};

function der(tag: keyof typeof tags, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tags[tag], ...size]), content]);
}

const id = (name: keyof typeof ids) => der("id", Buffer.from(ids[name], "hex"));
const text = (value: string) => Buffer.from(value, "ascii");
const time = (at: Date) => der("time", text(`${at.toISOString().replace(/[-:T]|\..*/g, "")}Z`));
const bits = (value: Uint8Array) => der("bits", Buffer.of(0), value);

/**
 * A certificate for host names and 127.0.0.1 that is its own authority, for a day: a process that
 * trusts it (NODE_EXTRA_CA_CERTS) trusts these names alone. Node has no call that makes one.
 * https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function makeCertificate(names: readonly string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der("sequence", id("ecdsaWithSha256"));
  const who = der(
    "sequence",
    der("set", der("sequence", id("commonName"), der("text", text("Ovation's tests")))),
  );
  const now = Date.now();
  const validity = der(
    "sequence",
    time(new Date(now - 3600_000)),
    time(new Date(now + validMilliseconds)),
  );
  const hosts = names.map((name) => der("dnsName", text(name)));
  const extension = (name: keyof typeof ids, value: Uint8Array) =>
    der("sequence", id(name), der("bytes", value));
  const extensions = der(
    "sequence",
    extension("basicConstraints", der("sequence", der("boolean", Buffer.of(0xff)))),
    extension("subjectAltName", der("sequence", ...hosts, der("address", Buffer.of(127, 0, 0, 1)))),
  );
  const certified = der(
    "sequence",
    der("version", der("integer", Buffer.of(2))),
    // A positive number, so that its first bit is 0.
    der("integer", Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ...[algorithm, who, validity, who, publicKey.export({ type: "spki", format: "der" })],
    der("extensions", extensions),
  );
  const signature = sign("sha256", certified, privateKey);
  const whole = new X509Certificate(der("sequence", certified, algorithm, bits(signature)));
  return {
    certificate: whole.toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
