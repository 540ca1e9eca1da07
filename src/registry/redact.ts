/** What may be shown of URLs and headers: everything that could be a secret is replaced by `xxxxx`. */
const secretParameters =
  /^(sig|token|access_token|refresh_token|password|signature|x-amz-.*|x-goog-.*|key-pair-id|policy|se|sp|sv|sr)$/i;
const mask = 'xxxxx';

/** The URL without user information and without the values of signing parameters; anything unreadable is masked whole. */
export function redactUrl(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return mask;
  }
  if (parsed.username !== '') parsed.username = mask;
  if (parsed.password !== '') parsed.password = mask;
  for (const name of [...parsed.searchParams.keys()]) {
    if (secretParameters.test(name)) parsed.searchParams.set(name, mask);
  }
  return parsed.href;
}

/** `mirror` settings as Docker quotes them in errors: only the user information is hidden. */
export function redactUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, `$1${mask}@`);
}
