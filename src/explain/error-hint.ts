/** What an error of Windows prints as its hint: the first line of its explanation. */
import { findExplanations } from './find.ts';
import { firstLine } from './render.ts';

export interface CodedError {
  /** Unsigned HRESULT; undefined where only the words tell. */
  readonly hresult?: number;
  readonly message: string;
  /** What the thrower knows about this very case: kept, and pointed on from. */
  readonly hint?: string | undefined;
}

/** Undefined when nothing is known about the error. */
export function explainedHint({ hresult, message, hint }: CodedError): string | undefined {
  const code = hresult === undefined ? '' : ` (0x${hresult.toString(16)})`;
  const [best] = findExplanations(`${message}${code}`).matches;
  if (best === undefined) return hint;
  return firstLine(hint === undefined ? best.explanation : { ...best.explanation, hint });
}
