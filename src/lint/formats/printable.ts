/** Control characters, those that turn the direction of text, and those that nobody sees. */
const hidden = /[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** A file's own characters must not steer the terminal, nor hide in it: they become U+FFFD. */
export function printable(text: string): string {
  return text.search(hidden) < 0 ? text : text.replaceAll(hidden, '\ufffd');
}
