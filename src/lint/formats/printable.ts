/** A file's own characters must not steer the terminal: each control character becomes U+FFFD. */
export function printable(text: string): string {
  return /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(text)
    ? text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    : text;
}
