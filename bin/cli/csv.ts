/** A row of a CSV file, with the line on which it begins. */
export type CsvRow = { line: number; fields: string[] };

/**
 * The rows of a CSV file (RFC 4180) from pieces of its text: fields separated by commas, in quotes
 * where they hold commas, quotes (doubled) or line breaks. Empty lines are left out. Throws where a
 * quoted field does not end.
 */
export async function* readCsv(pieces: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let [line, first] = [1, 1];
  let fields: string[] = [];
  let field = "";
  let isQuoted = false;
  /** Whether the field's closing quote was the character before: it may be half of a doubled one. */
  let isClosed = false;
  const takeRow = (): CsvRow[] => {
    const row = { line: first, fields: [...fields, field] };
    fields = [];
    field = "";
    isClosed = false;
    return row.fields.length === 1 && row.fields[0] === "" ? [] : [row];
  };
  let isStart = true;
  for await (const piece of pieces) {
    for (const char of isStart ? piece.replace(/^\uFEFF/, "") : piece) {
      if (isQuoted && char === '"') [isQuoted, isClosed] = [false, true];
      else if (isQuoted) field += char;
      else if (char === '"' && isClosed) [field, isQuoted, isClosed] = [`${field}"`, true, false];
      else if (char === '"' && field === "") isQuoted = true;
      else if (char === ",") {
        fields.push(field);
        field = "";
        isClosed = false;
      } else if (char === "\n") yield* takeRow();
      else if (char !== "\r") field += char;
      if (char !== "\n") continue;
      line += 1;
      if (!isQuoted) first = line;
    }
    isStart = false;
  }
  if (isQuoted) throw new Error(`line ${first}: a field in quotes does not end`);
  yield* takeRow();
}
