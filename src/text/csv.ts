/**
 * One record of Go's encoding/csv reader, which Docker uses for comma-separated flag values. Quoted fields may hold commas
 * and doubled quotes. Errors carry Go's text; columns are byte positions, 1-based.
 */
export function parseCsvRecord(text: string): string[] {
  const fail = (at: number, what: string) =>
    new Error(`parse error on line 1, column ${Buffer.byteLength(text.slice(0, at)) + 1}: ${what}`);
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    if (text[position] !== '"') {
      const comma = text.indexOf(',', position);
      const field = text.slice(position, comma < 0 ? undefined : comma);
      const quote = field.indexOf('"');
      if (quote >= 0) throw fail(position + quote, 'bare " in non-quoted-field');
      fields.push(field);
      if (comma < 0) return fields;
      position = comma + 1;
      continue;
    }
    let field = '';
    position++;
    for (;;) {
      const quote = text.indexOf('"', position);
      if (quote < 0) throw fail(text.length, 'extraneous or missing " in quoted-field');
      field += text.slice(position, quote);
      position = quote + 1;
      if (text[position] !== '"') break;
      field += '"';
      position++;
    }
    fields.push(field);
    if (position >= text.length) return fields;
    if (text[position] !== ',') throw fail(position - 1, 'extraneous or missing " in quoted-field');
    position++;
  }
}
