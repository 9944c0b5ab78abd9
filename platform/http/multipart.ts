import { randomUUID } from "node:crypto";
import { MIMEType } from "node:util";
import { refuse } from "../../domain/refusal.ts";

/** A file of a form: its bytes, and the media type that the client claims. */
type FormFile = { name: string; mediaType: string; bytes: Uint8Array };

/** More fields than any of our forms has. */
const fieldsMax = 50;

/** The type that the text of a form's field represents, if it is not text. */
type FieldKind = "number" | "json";
type FieldKinds = Readonly<Record<string, FieldKind>>;

/** A contract's form reader; `kinds` lists the fields that are not text. */
export const multipart =
  (kinds: FieldKinds = {}) =>
  (bytes: Uint8Array<ArrayBuffer>, contentType: string) =>
    readMultipart(bytes, contentType, kinds);

/**
 * Parses multipart/form-data (RFC 7578) into an object: text fields are strings, except those in
 * `kinds`; files are FormFile; a field given twice is refused. Uses the platform's parser.
 */
async function readMultipart(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  kinds: FieldKinds,
): Promise<Record<string, unknown>> {
  const form = await parseForm(bytes, contentType).catch(() =>
    refuse("request_invalid", { problem: "body: not multipart/form-data" }),
  );
  const fields: Record<string, unknown> = {};
  if ([...form].length > fieldsMax)
    refuse("request_invalid", { problem: `body: expected at most ${fieldsMax} fields` });
  for (const [name, value] of form) {
    if (Object.hasOwn(fields, name))
      refuse("request_invalid", { problem: `${name}: expected one value` });
    // The parser replaces bytes that are not UTF-8 by U+FFFD, so the body lacks the parsed text.
    if (
      typeof value === "string" &&
      value.includes("\ufffd") &&
      !Buffer.from(bytes).includes(value)
    )
      refuse("request_invalid", { problem: `${name}: not UTF-8` });
    // Browsers send this for a file input that was left empty.
    if (typeof value !== "string" && value.name === "" && value.size === 0) continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const field = typeof value === "string" ? fieldValue(value, kind) : await fileOf(value);
    Object.defineProperty(fields, name, { value: field, enumerable: true });
  }
  return fields;
}

/** A quote in a file name (from curl); at its end, `\"` is a backslash and the closing quote. */
const escapedQuote = /\\"(?![ \t]*(?:;|$))/gm;

/**
 * Parses a form with Node's parser, which also takes a boundary inside a line or a picture for the
 * end of a part. To prevent that, replaces the delimiters, which are at the start of a line (RFC
 * 2046, 5.1.1), by those of a random boundary. The parser knows quotes in a file name as browsers
 * send them, `%22`, but not `\"`. Rejects if the body is not a form.
 */
async function parseForm(bytes: Uint8Array, contentType: string): Promise<FormData> {
  const boundary = new MIMEType(contentType).params.get("boundary");
  if (!boundary) throw new TypeError("a form without a boundary");
  const escaped = boundary.replace(/\W/g, "\\$&");
  const end = `(?:[ \\t]*(?=\\r\\n)|(?=--))`;
  const part = new RegExp(`\\r\\n--${escaped}${end}((?:\\r\\n(?!--)[^\\r\\n]+)*)`, "g");
  const text = `\r\n${Buffer.from(bytes).toString("latin1")}`;
  const rare = randomUUID();
  const rewritten = text.replace(
    part,
    (_, headers: string) => `\r\n--${rare}${headers.replace(escapedQuote, "%22")}`,
  );
  const body = Buffer.from(rewritten.slice(2), "latin1");
  const headers = { "content-type": `multipart/form-data; boundary=${rare}` };
  return new Response(body, { headers }).formData();
}

/**
 * Parses the text of a field; invalid text is returned unchanged, so that the schema refuses it.
 */
function fieldValue(text: string, kind: FieldKind | undefined): unknown {
  if (kind === undefined) return text;
  if (text === "") return undefined;
  if (kind === "number") return /^\d{1,10}$/.test(text) ? Number(text) : text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function fileOf(file: File): Promise<FormFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { name: file.name, mediaType: file.type, bytes };
}
