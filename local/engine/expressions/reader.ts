import { invalid } from "../failure.ts";
import type { Value } from "../values.ts";
import { type Token, tokenize } from "./lexer.ts";
import { isReservedWord } from "./reserved-words.ts";
import type { Operand, Path } from "./syntax.ts";

/** The placeholders of a request, and which of them its expressions have used. */
export type Placeholders = {
  names: Record<string, string>;
  values: Record<string, Value>;
  usedNames: Set<string>;
  usedValues: Set<string>;
  /** Attributes within which the expressions look. */
  namesOfDocuments: Set<string>;
};

/** The longest expression, and the most operators in it. */
const bytesMax = 4096;
const operatorsMax = 300;

/** Parses one expression word by word; `label` is its field of the request. */
export class Reader {
  readonly label: string;
  readonly placeholders: Placeholders;
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private at = 0;
  private operators = 0;
  /** The words enclosed by the last closed parentheses. */
  group: { start: number; end: number } | undefined;

  constructor(label: string, text: string, placeholders: Placeholders) {
    this.label = label;
    this.text = text;
    this.placeholders = placeholders;
    if (text.trim() === "") throw this.fault("The expression can not be empty;");
    if (Buffer.byteLength(text) > bytesMax) {
      const size = `expression size: ${Buffer.byteLength(text)}`;
      throw this.fault(`Expression size has exceeded the maximum allowed size; ${size}`);
    }
    this.tokens = tokenize(text);
  }

  fault(sentence: string) {
    return invalid(`Invalid ${this.label}: ${sentence}`);
  }

  /** A fault at the unexpected word, with its neighbours in the text. */
  syntaxFault(at = this.at) {
    const token = this.tokens[at]!;
    const from = this.tokens[at - 1]?.at ?? token.at;
    const to = this.tokens[at + 1]?.end ?? token.end;
    const near = this.text.slice(from, to).trim();
    return this.fault(`Syntax error; token: "${token.text}", near: "${near}"`);
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)]!;
  }

  /** The number of words consumed. */
  place(): number {
    return this.at;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  /** Whether the next word is this one; keywords in any case. */
  sees(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token.kind === "name") return token.text.toUpperCase() === text;
    return token.kind === "symbol" && token.text === text;
  }

  /** Consumes the next word if it is this one. */
  takes(text: string): boolean {
    const seen = this.sees(text);
    if (seen) this.at++;
    return seen;
  }

  expect(text: string): void {
    if (!this.takes(text)) throw this.syntaxFault();
  }

  expectEnd(): void {
    if (this.peek().kind !== "end") throw this.syntaxFault();
  }

  countOperator(): void {
    if (++this.operators > operatorsMax)
      throw this.fault(
        `The expression contains too many operators; operator count: ${this.operators}`,
      );
  }

  /** A document path, such as `a.#b[0]`. */
  readPath(): Path {
    const path: Path = [this.readName()];
    for (;;) {
      if (this.takes(".")) path.push(this.readName());
      else if (this.takes("[")) {
        if (this.peek().kind !== "number") throw this.syntaxFault();
        path.push(Number(this.next().text));
        this.expect("]");
      } else break;
    }
    if (path.length > 1) this.placeholders.namesOfDocuments.add(String(path[0]));
    return path;
  }

  private readName(): string {
    const { kind, text } = this.peek();
    if (kind === "#") {
      this.at++;
      const name = this.placeholders.names[text];
      if (name === undefined)
        throw this.fault(
          "An expression attribute name used in the document path is not defined; " +
            `attribute name: ${text}`,
        );
      this.placeholders.usedNames.add(text);
      return name;
    }
    if (kind !== "name") throw this.syntaxFault();
    if (isReservedWord(text))
      throw this.fault(`Attribute name is a reserved keyword; reserved keyword: ${text}`);
    this.at++;
    return text;
  }

  readValue(): Value {
    const { kind, text } = this.peek();
    if (kind !== ":") throw this.syntaxFault();
    this.at++;
    const value = this.placeholders.values[text];
    if (value === undefined)
      throw this.fault(
        "An expression attribute value used in expression is not defined; " +
          `attribute value: ${text}`,
      );
    this.placeholders.usedValues.add(text);
    return value;
  }

  readOperand(): Operand {
    if (this.peek().kind === ":") return { is: "value", value: this.readValue() };
    return { is: "path", path: this.readPath() };
  }
}
