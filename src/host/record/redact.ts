/** Takes secrets out of what is recorded: values by their names, then the same values wherever else they appear. */

export const redacted = '<redacted>';

/** Words of a variable's name after which its value is taken for a secret. */
const secretWords = new Set(
  (
    'password passwd passphrase pass pwd secret secrets token tokens key keys apikey credential credentials auth ' +
    'authorization cookie session sas sig signature dsn pat pin cert'
  ).split(' '),
);

/** Members of documents that hold secrets, lower case, whatever their type. */
const secretMembers = new Set([
  'password',
  'secret',
  'token',
  'auth',
  'identitytoken',
  'registrytoken',
  'credentials',
  'credentialspec',
  'containercredentialguard',
]);

export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return (
    words.some((word) => secretWords.has(word)) ||
    /(?:password|passwd|secret|token|apikey|connectionstring)/i.test(name.replaceAll('_', ''))
  );
}

/** Maps whose keys are names that somebody chose. */
const namedMaps = /^(?:env|environment|labels|annotations|options|driveropts|config)$/i;

const quoted = `"[^"]*"|'[^']*'`;
const word = `[^\\s"'&|;<>^\`]+`;

/** What is a secret wherever it stands; all but what the groups keep goes. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${redacted}@`],
  [
    new RegExp(
      `((?:^|[\\s"'])(?:--?|/)(?:[\\w-]*(?:password|passwd|passphrase|secret|token|api-?key)|pass|pwd)(?:[=:]|\\s+))(?:${quoted}|[^\\s"']+)`,
      'gi',
    ),
    `$1${redacted}`,
  ],
  [
    /\b((?:proxy-)?authorization|x-api-key|x-registry-auth|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token|negotiate)\s+)?(?!<redacted>)[^\s"',;]+/gi,
    `$1$2${redacted}`,
  ],
  [/\b(bearer)\s+[\w.~+/-]{8,}=*/gi, `$1 ${redacted}`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, redacted],
  [
    /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{16}|npm_\w{30,})/g,
    redacted,
  ],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?(?:-----END \1-----|$)/g, redacted],
  [/(\bcredentialspec=raw:\/\/)(?!<redacted>)[^]+/gi, `$1${redacted}`],
  // Of Windows: accounts, secure strings, saved logons.
  [/(\bnet1?(?:\.exe)?\s+user\s+(?:"[^"]*"|[^\s/]\S*)\s+)(?![/*])(?:"[^"]*"|\S+)/gi, `$1${redacted}`],
  [/(\bConvertTo-SecureString\s+(?:-String\s+)?)(?!-)(?:"[^"]*"|'[^']*'|\S+)/gi, `$1${redacted}`],
  [/(\blogin\b[^|&;\n]{0,200}?\s-p[= ]?)(?:"[^"]*"|'[^']*'|\S+)/gi, `$1${redacted}`],
];

/** `NAME=value`, `$env:NAME = 'value'`, `"name": "value"` and `setx NAME value` inside a text: redacted by their names. */
const assignments: readonly RegExp[] = [
  new RegExp(`(?<before>(?<![\\w.%$-])(?<name>[A-Za-z_][\\w.-]*)=)(?<value>${quoted}|${word})`, 'g'),
  new RegExp(`(?<before>\\$env:(?<name>\\w+)\\s*=\\s*)(?<value>${quoted}|${word})`, 'gi'),
  /(?<before>(?<mark>\\{0,8}["'])(?<name>[\w.-]+)\k<mark>\s*:\s*\k<mark>)(?<value>(?:(?!\k<mark>)[^])+)(?=\k<mark>)/g,
  new RegExp(
    `(?<before>\\bsetx(?:\\.exe)?\\s+(?:/m\\s+)?(?<mark>"?)(?<name>[\\w.-]+)\\k<mark>\\s+)(?<value>${quoted}|${word})`,
    'gi',
  ),
];

/** Shorter values stand in too many places by chance. */
const shortestSecret = 6;

/** Remembers the secrets of one recording. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** A plain JSON value without its secrets. */
  value(input: unknown): unknown {
    return this.#texts(this.#members(input));
  }

  /** Text, such as what a program printed. */
  text(input: string): string {
    let out = input;
    for (const [pattern, replacement] of patterns) out = out.replace(pattern, replacement);
    for (const pattern of assignments) out = out.replace(pattern, (...match) => this.#named(match));
    for (const secret of this.#secrets) out = out.replaceAll(secret, redacted);
    return out;
  }

  /** Bytes that are no UTF-8: what is known is found in them all the same. */
  bytes(input: Uint8Array): Buffer {
    let out = Buffer.from(input).toString('latin1');
    for (const secret of this.#secrets)
      out = out.replaceAll(Buffer.from(secret, 'utf8').toString('latin1'), redacted);
    return Buffer.from(out, 'latin1');
  }

  #named(match: readonly unknown[]): string {
    const { before, name, value } = match.at(-1) as { before: string; name: string; value: string };
    if (!isSecretName(name) || value.includes(redacted)) return before + value;
    this.#learn(value.replace(/^(["'])(.*)\1$/s, '$2'));
    return before + redacted;
  }

  /** First pass: values by their names, which also learns them. */
  #members(input: unknown, name = ''): unknown {
    if (typeof input === 'string') return this.#assignment(input);
    if (Array.isArray(input)) return input.map((item) => this.#members(item));
    if (typeof input !== 'object' || input === null) return input;
    const isNamed = namedMaps.test(name);
    return Object.fromEntries(
      Object.entries(input).map(([key, value]) => {
        if (secretMembers.has(key.toLowerCase()) && value !== null && value !== undefined && value !== '') {
          this.#learnAll(value);
          return [key, redacted];
        }
        if (isNamed && typeof value === 'string' && isSecretName(key)) {
          this.#learn(value);
          return [key, redacted];
        }
        return [key, this.#members(value, key)];
      }),
    );
  }

  /** `NAME=value` with the name of a secret. */
  #assignment(text: string): string {
    const match = /^([A-Za-z_][\w.-]*)=([^]*)$/.exec(text);
    if (match === null || match[2] === '' || !isSecretName(match[1]!)) return text;
    this.#learn(match[2]!);
    return `${match[1]!}=${redacted}`;
  }

  #learnAll(value: unknown): void {
    if (typeof value === 'string') this.#learn(value);
    else if (typeof value === 'object' && value !== null)
      Object.values(value).forEach((one) => this.#learnAll(one));
  }

  #learn(secret: string): void {
    if (secret.length < shortestSecret || secret === redacted) return;
    this.#secrets.add(secret);
    // As it stands in a document inside a document, and in an address.
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
    this.#secrets.add(encodeURIComponent(secret.toWellFormed()));
  }

  #texts(input: unknown): unknown {
    if (typeof input === 'string') return this.text(input);
    if (Array.isArray(input)) return input.map((item) => this.#texts(item));
    if (typeof input !== 'object' || input === null) return input;
    return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, this.#texts(value)]));
  }
}
