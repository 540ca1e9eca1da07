/** `build --call` and `--check`: what to do with a Dockerfile instead of building it (buildx). */
import { parseCsvRecord } from '../text/csv.ts';
import { parseBool } from '../text/strconv.ts';
import { CliError } from './cli-error.ts';

export interface CallFunction {
  readonly name: 'check' | 'outline' | 'targets';
  readonly format: 'text' | 'json';
  /** The exit code says nothing about warnings. */
  readonly ignoreStatus: boolean;
}

const refuse = (message: string): CliError => new CliError(message, { code: 'USAGE' });

/** Undefined: build. `call` is the flag's text. Throws for what Porthole cannot do. */
export function callFunction(call: string, check: boolean): CallFunction | undefined {
  let name = '';
  let format = '';
  let ignoreStatus = false;
  for (const field of call === '' ? [] : parseCsvRecord(call)) {
    const equals = field.indexOf('=');
    const value = field.slice(equals + 1);
    if (equals < 0) {
      if (name !== '') throw refuse(`invalid print value: ${call}`);
      name = field;
    } else if (field.startsWith('format=')) format = value;
    else if (field.startsWith('ignorestatus=')) ignoreStatus = flag(value);
    else throw refuse(`invalid print field: ${field}`);
  }
  if (check || name === 'lint') name = 'check';
  if (name === '' || name === 'build') return undefined;
  if (name !== 'check' && name !== 'outline' && name !== 'targets') {
    throw refuse(`unsupported --call ${JSON.stringify(name)}: use build, check, outline or targets`);
  }
  if (format !== '' && format !== 'text' && format !== 'json') {
    throw refuse(`unsupported format ${JSON.stringify(format)} of --call: use text or json`);
  }
  return { name, format: format === 'json' ? 'json' : 'text', ignoreStatus };
}

function flag(text: string): boolean {
  try {
    return parseBool(text);
  } catch (error) {
    throw refuse(`invalid ignorestatus print value: ${text}: ${(error as Error).message}`);
  }
}
