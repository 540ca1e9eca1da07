/** The protocol of Docker's credential helpers: one program a store, one verb a run (images-and-registries.md 3.2). */
import { spawn } from 'node:child_process';
import type { RegistryAuth } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { errorCode } from '../state/atomic-file.ts';
import { defaultTimeouts } from './timeouts.ts';

export interface HelperOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** User name that marks the secret as an identity token. */
export const tokenUser = '<token>';
const helperNameGrammar = /^[A-Za-z0-9_.-]+$/;

/** What the helper knows about a server, or undefined. */
export async function helperGet(
  helper: string,
  key: string,
  options: HelperOptions,
): Promise<RegistryAuth | undefined> {
  const output = await runHelper(helper, 'get', key, options);
  if (output === undefined) return undefined;
  let answer: { Username?: string; Secret?: string };
  try {
    answer = JSON.parse(output) as typeof answer;
  } catch {
    throw helperFailure('getting', helper, 'unreadable answer');
  }
  const { Username: username = '', Secret: secret = '' } = answer;
  if (username === '' && secret === '') return undefined;
  return username === tokenUser
    ? { serveraddress: key, identitytoken: secret }
    : { serveraddress: key, username, password: secret };
}

const doing = { get: 'getting', store: 'storing', erase: 'erasing' } as const;

/** Runs `docker-credential-<helper> <verb>` with the input on stdin. Undefined: the helper knows no such credentials. */
export async function runHelper(
  helper: string,
  verb: keyof typeof doing,
  input: string,
  options: HelperOptions,
): Promise<string | undefined> {
  if (!helperNameGrammar.test(helper)) {
    throw new PortholeError(
      'invalid',
      'CREDENTIAL_HELPER',
      `invalid credential helper name: ${JSON.stringify(helper)}`,
    );
  }
  const { code, stdout } = await runProgram(`docker-credential-${helper}`, verb, input, options);
  if (code === 0) return stdout;
  const said = stdout.trim();
  if (said === 'credentials not found in native keychain') return undefined;
  throw helperFailure(doing[verb], helper, `exit status ${code ?? 'unknown'}, out: \`${said}\``);
}

async function runProgram(
  program: string,
  verb: string,
  input: string,
  options: HelperOptions,
): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], {
      env: options.env,
      stdio: ['pipe', 'pipe', 'inherit'],
      windowsHide: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), defaultTimeouts.helper);
    let stdout = '';
    child.stdout
      .setEncoding('utf8')
      .on('data', (text: string) => (stdout = (stdout + text).slice(0, 1 << 20)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', (error) => {
      clearTimeout(timer);
      const reason =
        errorCode(error) === 'ENOENT'
          ? `exec: "${program}": executable file not found in $PATH`
          : error.message;
      reject(helperFailure(doing[verb as keyof typeof doing], program, `${reason}, out: \`\``));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout });
    });
  });
}

function helperFailure(what: string, helper: string, reason: string): PortholeError {
  return new PortholeError('unavailable', 'CREDENTIAL_HELPER', `error ${what} credentials - err: ${reason}`, {
    hint: `check the credential helper ${helper.replace(/^docker-credential-/, '')}, or remove credsStore and credHelpers from config.json`,
  });
}
