/** Names of variables that tell of a secret (dockerfile.md 3.1). */
const secret = /(?:^|_)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const harmless = /(?:^|_)(?:public|file|version)(?:_|$)/i;

export function isSecretName(name: string): boolean {
  return secret.test(name) && !harmless.test(name);
}
