/** Takes secrets out of what is recorded: values by their names, then the same values wherever else they appear. */

export const redacted = '<redacted>';

/** Words of a variable's name after which its value is taken for a secret. */
const secretWords = new Set(
  (
    'password passwd passphrase pass pwd secret secrets token tokens key keys apikey credential credentials auth ' +
    'authorization cookie session sas dsn pat pin cert'
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
    let out = input
      .replace(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${redacted}@`)
      .replace(
        /((?:^|\s)(?:--?|\/)(?:[\w-]*(?:password|passwd|secret|token|api-?key))(?:[=:]|\s+))("[^"]*"|'[^']*'|[^\s"']+)/gi,
        `$1${redacted}`,
      );
    for (const secret of this.#secrets) out = out.replaceAll(secret, redacted);
    return out;
  }

  /** First pass: values by their names, which also learns them. */
  #members(input: unknown, name = ''): unknown {
    if (typeof input === 'string') return this.#assignment(input);
    if (Array.isArray(input)) return input.map((item) => this.#members(item));
    if (typeof input !== 'object' || input === null) return input;
    const isEnvironment = /^env(?:ironment)?$/i.test(name);
    return Object.fromEntries(
      Object.entries(input).map(([key, value]) => {
        if (secretMembers.has(key.toLowerCase()) && value !== null && value !== undefined && value !== '') {
          this.#learnAll(value);
          return [key, redacted];
        }
        if (isEnvironment && typeof value === 'string' && isSecretName(key)) {
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
    if (secret.length >= shortestSecret && secret !== redacted) this.#secrets.add(secret);
  }

  #texts(input: unknown): unknown {
    if (typeof input === 'string') return this.text(input);
    if (Array.isArray(input)) return input.map((item) => this.#texts(item));
    if (typeof input !== 'object' || input === null) return input;
    return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, this.#texts(value)]));
  }
}
