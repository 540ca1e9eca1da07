import { unquoteRune } from '../go-unquote.ts';
import { quoteGo } from '../go-quote.ts';
import { parseBigInt, parseFloat64 } from '../strconv.ts';
import type { NumberNode } from './nodes.ts';

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** A number or character literal as text/template understands it; throws the parse error's message. */
export function numberNode(text: string, position: number): NumberNode {
  const base = { kind: 'number', position, text } as const;
  if (text.startsWith("'")) {
    const code = unquoteRune(text);
    if (code === undefined) throw new Error(`malformed character constant: ${text}`);
    return { ...base, integer: BigInt(code), float: code, isFloat: false };
  }
  if (text.endsWith('i')) throw new Error(`complex constants are not supported: ${text}`);
  const integer = attempt(() => parseBigInt(text)) ?? attempt(() => parseBigInt(text, 65));
  if (integer !== undefined && integer >= -(1n << 63n)) {
    return { ...base, integer, float: Number(integer), isFloat: false };
  }
  const float = attempt(() => parseFloat64(text));
  if (float === undefined) throw new Error(`illegal number syntax: ${quoteGo(text)}`);
  if (!/[.eEpP]/.test(text)) throw new Error(`integer overflow: ${quoteGo(text)}`);
  const whole = Number.isInteger(float) && Math.abs(float) < 2 ** 63;
  return { ...base, float, isFloat: true, ...(whole ? { integer: BigInt(float) } : {}) };
}
