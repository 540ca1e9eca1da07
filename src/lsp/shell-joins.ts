import type { Shell } from '../lint/model.ts';

/**
 * True when more or fewer blanks after `before` are nothing to the shell that reads the text: outside of quotes and, for cmd,
 * whose `echo` and `set` keep blanks, only behind an operator. `before` is all of the text up to there. When in doubt, false.
 */
export function joinIsFree(before: string, shell: Shell): boolean {
  switch (shell) {
    case 'sh':
    case 'bash':
      return !before.includes('<<') && outsideQuotes(before, '\\');
    case 'powershell':
    case 'pwsh':
      // `--%` hands the rest of the line over as it is written; `@'` may begin a here-string.
      return !/--%|@['"]/.test(before) && outsideQuotes(before, '`');
    case 'cmd':
      return (
        /(?:&&|\|\||[&|(])[ \t]*$/.test(before) && !/\^[&|(][ \t]*$/.test(before) && outsideQuotes(before, '')
      );
    case 'other':
      return false;
  }
}

/** Both kinds of quotes; cmd knows double ones alone. A final escape would take the blank after it. */
function outsideQuotes(text: string, escape: string): boolean {
  const single = escape !== '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (escape !== '' && char === escape && quote !== "'") {
      at++;
      if (at >= text.length) return false;
    } else if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || (single && char === "'")) {
      quote = char;
    } else if (single && char === '#' && (at === 0 || /\s/.test(text[at - 1]!))) {
      // A comment up to the end of the text: whatever is moved there is part of it, and so is no blank of a command.
      return true;
    }
  }
  return quote === '';
}
