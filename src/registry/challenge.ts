/** `WWW-Authenticate` (RFC 9110 11.6.1): several challenges in several headers, quoted values with commas and escapes. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`, `negotiate`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterGrammar = new RegExp(`(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
const schemeGrammar = new RegExp(`(${token})(?:\\s+|\\s*(?=,|$))`, 'y');
const token68Grammar = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
const separatorGrammar = /[\s,]*/y;

/** Challenges of all headers, in order. What cannot be read ends that header. */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap(parseHeader);
}

/** The one to answer: Bearer before Basic; Bearer needs a realm. */
export function preferredChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find((challenge) => challenge.scheme === 'bearer') ??
    challenges.find((challenge) => challenge.scheme === 'basic')
  );
}

function parseHeader(text: string): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = skip(separatorGrammar, text, 0);
  while (at < text.length) {
    const parameter = match(parameterGrammar, text, at);
    const current = found.at(-1);
    if (parameter !== undefined && current !== undefined) {
      const value = parameter[3] ?? parameter[2]!.replace(/\\(.)/g, '$1');
      current.parameters[parameter[1]!.toLowerCase()] ??= value;
      at += parameter[0].length;
    } else {
      const scheme = match(schemeGrammar, text, at);
      if (scheme === undefined) break;
      found.push({ scheme: scheme[1]!.toLowerCase(), parameters: {} });
      at += scheme[0].length;
      const blob =
        match(parameterGrammar, text, at) === undefined ? match(token68Grammar, text, at) : undefined;
      if (blob !== undefined && !isScheme(text, at)) at += blob[0].length;
    }
    at = skip(separatorGrammar, text, at);
  }
  return found;
}

/** A word after a scheme is another scheme when a parameter follows it. */
function isScheme(text: string, at: number): boolean {
  const scheme = match(schemeGrammar, text, at);
  return scheme !== undefined && match(parameterGrammar, text, at + scheme[0].length) !== undefined;
}

function match(grammar: RegExp, text: string, at: number): RegExpExecArray | undefined {
  grammar.lastIndex = at;
  return grammar.exec(text) ?? undefined;
}

function skip(grammar: RegExp, text: string, at: number): number {
  return at + (match(grammar, text, at)?.[0].length ?? 0);
}
