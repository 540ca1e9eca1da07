/** Real texts with something changed: what a half-made edit, a merge or a broken disk would leave. */
const snippets = [
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\\\n',
  '`\n',
  '"',
  "'",
  '$',
  '${',
  '}',
  '\\',
  '`',
  '#',
  '=',
  '[',
  ']',
  ',',
  '--',
  '<<EOF\n',
  'EOF\n',
  'FROM a AS b\n',
  'RUN ',
  'run ',
  'ENV a b\n',
  'COPY --from=b ',
  '# escape=`\n',
  '# escape=\\\n',
  'SHELL ["powershell"]\n',
  'USER ContainerAdministrator\n',
  '# porthole ignore=PW001\n',
  'ONBUILD ',
  '&& ',
  '; ',
  ' | ',
  'C:\\',
  '\u00e9',
  '\u{1F600}',
  '\0',
];

/** One to four changes: bytes, snippets put in, lines lost, doubled, exchanged or cut short. */
export function mutate(original: Uint8Array, random: () => number): Uint8Array {
  let bytes = Buffer.from(original);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let change = 1 + below(4); change > 0; change--) {
    const lines = bytes.toString('latin1').split(/(?<=\n)/);
    const line = below(lines.length);
    const at = below(bytes.length + 1);
    switch (below(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = below(256);
        break;
      case 1:
      case 2:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(snippets[below(snippets.length)]!),
          bytes.subarray(at),
        ]);
        break;
      case 3:
        bytes = Buffer.from(lines.toSpliced(line, 1).join(''), 'latin1');
        break;
      case 4:
        bytes = Buffer.from(lines.toSpliced(line, 0, lines[below(lines.length)]!).join(''), 'latin1');
        break;
      case 5:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(Math.min(bytes.length, at + 1 + below(12))),
        ]);
        break;
      default:
        bytes = Buffer.from(lines.with(line, lines[line]!.toLowerCase()).join(''), 'latin1');
    }
  }
  return bytes;
}
