import { parseBool } from '../text/strconv.ts';

/** `# check=…` values (dockerfile.md 1.2): `skip=A,B;error=true`. */
export interface CheckOptions {
  readonly skip: readonly string[];
  readonly skipAll: boolean;
  readonly experimental: readonly string[];
  readonly experimentalAll: boolean;
  readonly error: boolean;
}

export const noCheckOptions: CheckOptions = {
  skip: [],
  skipAll: false,
  experimental: [],
  experimentalAll: false,
  error: false,
};

/** Throws an Error in the reference's words. An empty value sets nothing. */
export function parseCheckOptions(value: string): CheckOptions {
  if (value === '') return noCheckOptions;
  const options = { ...noCheckOptions };
  for (const part of splitAtMost(value, ';', 3)) {
    const equals = part.indexOf('=');
    if (equals < 0) throw invalid(part);
    const key = part.slice(0, equals).trim();
    const text = part.slice(equals + 1).trim();
    const rules = text.split(',').map((rule) => rule.trim());
    switch (key) {
      case 'skip':
        if (text === 'all') options.skipAll = true;
        else options.skip = rules;
        break;
      case 'experimental':
        if (text === 'all') options.experimentalAll = true;
        else options.experimental = rules;
        break;
      case 'error':
        options.error = errorFlag(text);
        break;
      default:
        throw invalid(part);
    }
  }
  return options;
}

function errorFlag(text: string): boolean {
  try {
    return parseBool(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`failed to parse check options: failed to parse check option "error": ${reason}`, {
      cause: error,
    });
  }
}

function invalid(option: string): Error {
  return new Error(`failed to parse check options: invalid check option ${JSON.stringify(option)}`);
}

/** Parts between separators; the last one keeps what is left. */
function splitAtMost(text: string, separator: string, count: number): string[] {
  const parts = text.split(separator);
  return parts.length <= count
    ? parts
    : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}
