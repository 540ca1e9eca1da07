import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT, hresultName, hresultText, sameCondition } from '../../hcs/hresult.ts';
import { hresultMessage } from './ffi/kernel32.ts';
import type { DriverResult } from './hcs-driver.ts';

interface ResultError {
  ErrorMessage?: unknown;
  ErrorEvents?: unknown;
}

/** The HcsError of a failed call, undefined for success. Events of the result document become its texts (hcs.md 1.4). */
export function failure(op: string, result: DriverResult, systemId?: string): HcsError | undefined {
  if (result.hresult < 0x80000000) return undefined;
  const text = textOf(result.hresult);
  return hcsError(op, result.hresult, systemId, { text, events: eventTexts(result, text) });
}

/** The table's text; for codes that it does not have, the system's. */
function textOf(hresult: number): string {
  return (hresultName(hresult) === undefined ? hresultMessage(hresult) : undefined) ?? hresultText(hresult);
}

/** How long the service may be found restarting before its systems and processes count as lost (hcs.md 8.18). */
export const serviceGoneMs = 30_000;

/** The service does not answer just now. */
export function isServiceGone(error: unknown): boolean {
  return (
    error instanceof HcsError &&
    [
      HRESULT.serviceDisconnect,
      HRESULT.rpcServerUnavailable,
      HRESULT.rpcCallFailed,
      HRESULT.interfaceUnknown,
      HRESULT.operationTimeout,
    ].some((code) => sameCondition(code, error.hresult))
  );
}

/** The answer of a call that succeeded. What is not JSON, or not of that kind, is HCS' failure and not a SyntaxError of ours. */
export function answerOf<T extends object>(
  op: string,
  result: DriverResult,
  otherwise: T,
  systemId?: string,
): T {
  const text = result.document;
  if (text === undefined || text === '') return otherwise;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && Array.isArray(parsed) === Array.isArray(otherwise))
      return parsed as T;
  } catch {
    // Said below.
  }
  throw hcsError(op, HRESULT.invalidJson, systemId, {
    events: [`HCS answered: ${text.slice(0, 200)}`],
  });
}

function hcsError(
  op: string,
  hresult: number,
  systemId: string | undefined,
  details: { readonly text?: string; readonly events: readonly string[] },
): HcsError {
  return new HcsError(op, hresult, { ...details, ...(systemId === undefined ? {} : { systemId }) });
}

/** At most ten events of at most 500 characters: error documents can be huge. Without events, the document's own message. */
function eventTexts({ document }: DriverResult, said: string): string[] {
  if (document === undefined || document === '') return [];
  let parsed: ResultError | null;
  try {
    parsed = JSON.parse(document) as ResultError | null;
  } catch {
    return [document.slice(0, 500)];
  }
  const events: unknown[] = Array.isArray(parsed?.ErrorEvents) ? parsed.ErrorEvents : [];
  const texts = events
    .flatMap((event) => shortened((event as { Message?: unknown } | null)?.Message))
    .slice(0, 10);
  if (texts.length > 0) return texts;
  // Mostly the system's text to the code, which the error says already.
  return shortened(parsed?.ErrorMessage).filter((text) => text !== said);
}

function shortened(message: unknown): string[] {
  return typeof message === 'string' && message.trim() !== '' ? [message.trim().slice(0, 500)] : [];
}
