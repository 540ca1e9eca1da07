import { defineRule } from '../rule.ts';
import type { ShellCommand, ShellWord } from '../shell/script.ts';
import { rangeOf, scriptsOf, type Script } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW050',
  name: 'double-quotes-lost',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint'],
  docs: {
    summary: 'PowerShell does not see the double quotes of a RUN line',
    why: 'The builder hands the line over as it is, and powershell.exe takes the double quotes off its command line before it reads what is left: text with blanks falls into words, JSON loses its quotes, "a" in an expression becomes the command a.',
    windows: 'Write single quotes, or \\" where a double quote must stay.',
    see: ['docker/for-win#1031', 'docker/for-win#13287', 'rstudio/rstudio#4745'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item -Path \'C:/Program Files/app\' -Type Directory\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN setx /M PATH \\"C:/Program Files/app;$env:PATH\\"\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Invoke-WebRequest "https://example.com/$env:VERSION/a.zip" -OutFile a.zip; Write-Host "that was all"\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN if ((Get-FileHash a).Hash -ne "$env:SHA") { throw \'no "a"\' }; Get-Item "${A}/b"; Get-Item "C:/a-$($env:V.Replace(\'.\', \'_\')).zip"\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command "New-Item -Path \'C:/Program Files/app\' -Type Directory"\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN ["powershell", "-Command", "New-Item -Path \\"C:/Program Files/app\\""]\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item -Path "C:/Program Files/app" -Type Directory\n',
        lines: [3],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Set-Content C:/a.json \'{"a":1}\'\nRUN if ($env:MODE -eq "release") { exit 1 }\n',
        lines: [3, 4],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell new-item -path "C:/Program Files/mydir" -type Directory\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const script of scriptsOf(stage)) {
      const { instruction } = script.context;
      if (script.shell === 'cmd' || !('command' in instruction) || instruction.command.exec) continue;
      // `-Command "…"`: the quotes around the whole are there to be taken off.
      const around = script.text.offsetOf(0) - 1;
      if (script.nested && file.source.text[around] === '"') continue;
      const lost = lostPart(script);
      if (lost === undefined) continue;
      report({
        message: 'these double quotes are gone before PowerShell reads the line: write single ones, or \\"',
        range: rangeOf(script, lost),
      });
    }
  },
});

interface Part {
  /** Of the quote. */
  readonly start: number;
  /** Behind the quote that ends it. */
  readonly end: number;
}

/** The first that matters. Parts, commands and words come in the same order. */
function lostPart(script: Script): Part | undefined {
  const { commands } = script;
  let at = 0;
  let wordAt = 0;
  let judged: ShellWord | undefined;
  for (const part of quotedParts(script.text.text)) {
    while (at < commands.length && commands[at]!.end <= part.start) {
      at++;
      wordAt = 0;
    }
    const command = commands[at];
    const words = command?.words ?? [];
    while (wordAt < words.length && words[wordAt]!.end <= part.start) wordAt++;
    const word = words[wordAt];
    const inside = word !== undefined && word.start <= part.start;
    // All quotes of a single-quoted word matter, or none.
    if (inside && word === judged) continue;
    judged = inside && word.text.startsWith("'") ? word : undefined;
    if (matters(part, script, inside ? { command: command!, word } : undefined)) return part;
  }
  return undefined;
}

/** What stands between double quotes as Windows splits a command line: `\"` is none. */
function quotedParts(text: string): Part[] {
  const parts: Part[] = [];
  let open = -1;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 1) continue;
    if (open < 0) open = at;
    else {
      parts.push({ start: open, end: at + 1 });
      open = -1;
    }
  }
  return parts;
}

/** `{…"a"…}`, `<a b="c">` and their kind. */
function holdsQuotes(text: string): boolean {
  const first = text.search(/[{<[]/);
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf('>'), text.lastIndexOf(']'));
  const quote = first < 0 ? -1 : text.indexOf('"', first);
  const next = quote < 0 ? -1 : text.indexOf('"', quote + 1);
  return next >= 0 && next < last;
}

/** Behind one of these a bare word is read as a command. */
const operator =
  /(?:\s-[ic]?(?:eq|ne|like|notlike|match|notmatch|replace|split|join|contains|notcontains|in|notin|f)\s*|\s[+=]\s*|\w\()$/i;

function matters(
  { start, end }: Part,
  script: Script,
  place: { readonly command: ShellCommand; readonly word: ShellWord } | undefined,
): boolean {
  const { text } = script.text;
  if (text.slice(0, start).trim() === '' && text.slice(end).trim() === '') return false;
  const inner = text.slice(start + 1, end - 1);
  const { command, word } = place ?? {};
  const program = command?.words[0]?.value.toLowerCase() ?? '';
  if (word?.text.startsWith("'") === true) {
    // Data of some language that needs its quotes; a message does not.
    const message = /^(write-\w+|echo|throw)$/.test(program) || /^\s*\)*\s*-f\b/i.test(text.slice(word.end));
    return !message && holdsQuotes(word.text);
  }
  // The quotes within do what these would.
  if (/^'[^']*'$/.test(inner) || /^\\"[^]*\\"$/.test(inner)) return false;
  if (operator.test(text.slice(Math.max(0, start - 40), start))) return !/^(\$[\w:.]+|\d+)$/.test(inner);
  // A subexpression holds together by itself, and so does ${name}.
  const known = inner.replace(/\$\{[\w:]+\}|\$\((?:[^()]|\([^()]*\))*\)/g, '');
  // These print several words as gladly as one.
  if (/^(write-(host|output|verbose|warning)|echo)$/.test(program)) return /[;|(){}<>&']/.test(known);
  return /[\s;|(){}<>&,']/.test(known);
}
