import { invalid } from "./failure.ts";

/** `digits` has no zeros at either end; the value is 0.digits × 10^exponent, with its sign. */
type Decimal = { negative: boolean; digits: string; exponent: number };

const significantMax = 38;
const exponentMax = 126;
const exponentMin = -129;

const zero: Decimal = { negative: false, digits: "", exponent: 0 };

/**
 * The canonical form in which a number is stored and returned: plain, without unnecessary zeros.
 * DynamoDB's numbers are exact decimals of up to 38 significant digits, with a magnitude from
 * 1E-130 to 9.99…E+125, and zero.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
 */
export function normalizeNumber(text: string): string {
  // Most numbers are integers that a double holds exactly.
  if (/^(0|-?[1-9]\d{0,14})$/.test(text)) return text;
  return format(limit(parse(text)));
}

/** The sum of two numbers in canonical form; `sign` -1 subtracts the second one. */
export function addNumbers(first: string, second: string, sign: 1 | -1 = 1): string {
  const [a, b] = [parse(first), parse(second)];
  const lowest = Math.min(a.exponent - a.digits.length, b.exponent - b.digits.length);
  const whole = ({ negative, digits, exponent }: Decimal) => {
    const value = BigInt(digits + "0".repeat(exponent - digits.length - lowest) || "0");
    return negative ? -value : value;
  };
  const sum = whole(a) + BigInt(sign) * whole(b);
  const digits = (sum < 0n ? -sum : sum).toString();
  return format(limit(tidy(sum < 0n, digits, digits.length + lowest)));
}

/** Less than, equal to or greater than zero, as for a sort. */
export function compareNumbers(first: string, second: string): number {
  return Buffer.compare(encodeNumber(first), encodeNumber(second));
}

/** Bytes that sort like the numbers. */
export function encodeNumber(text: string): Buffer {
  const { negative, digits, exponent } = parse(text);
  if (digits === "") return Buffer.from([2]);
  const bytes = Buffer.from(`\0\0\0${digits}\0`);
  bytes[0] = 3;
  bytes.writeUInt16BE(exponent + 0x4000, 1);
  if (negative) for (const [at, byte] of bytes.entries()) bytes[at] = at === 0 ? 1 : 255 - byte;
  return bytes;
}

/** A number's size as DynamoDB counts it: a byte for two digits, the exponent and a minus each. */
export function countNumberBytes(text: string): number {
  const { negative, digits } = parse(text);
  return Math.ceil(digits.length / 2) + 1 + (negative ? 1 : 0);
}

function parse(text: string): Decimal {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", power = "0"] = found ?? [];
  if (!found || whole + fraction === "") {
    if (text === "") throw invalid("The parameter cannot be converted to a numeric value");
    throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  return tidy(sign === "-", whole + fraction, whole.length + Number(power));
}

/** Removes zeros at both ends. */
function tidy(negative: boolean, digits: string, exponent: number): Decimal {
  const leading = /^0*/.exec(digits)?.[0].length ?? 0;
  const kept = digits.slice(leading).replace(/0+$/, "");
  return kept === "" ? zero : { negative, digits: kept, exponent: exponent - leading };
}

function limit(decimal: Decimal): Decimal {
  const { digits, exponent } = decimal;
  if (digits !== "" && exponent > exponentMax) throw outOfRange("overflow", "larger");
  if (digits !== "" && exponent < exponentMin) throw outOfRange("underflow", "smaller");
  if (digits.length > significantMax)
    throw invalid("Attempting to store more than 38 significant digits in a Number");
  return decimal;
}

function outOfRange(what: string, which: string) {
  const sentence = `Attempting to store a number with magnitude ${which} than supported range`;
  return invalid(`Number ${what}. ${sentence}`);
}

function format({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent <= 0) return `${sign}0.${"0".repeat(-exponent)}${digits}`;
  if (digits.length <= exponent) return sign + digits + "0".repeat(exponent - digits.length);
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}
