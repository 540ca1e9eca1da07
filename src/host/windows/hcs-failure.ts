import { HcsError } from '../../hcs/hcs-error.ts';
import type { DriverResult } from './hcs-driver.ts';

interface ResultError {
  ErrorMessage?: string;
  ErrorEvents?: { Message?: string; Provider?: string; EventId?: number }[];
}

/** The HcsError of a failed call, undefined for success. Events of the result document become its texts (hcs.md 1.4). */
export function failure(op: string, result: DriverResult, systemId?: string): HcsError | undefined {
  if (result.hresult < 0x80000000) return undefined;
  const events = eventTexts(result.document);
  return new HcsError(op, result.hresult, {
    ...(systemId === undefined ? {} : { systemId }),
    ...(events.length === 0 ? {} : { events }),
  });
}

/** At most ten events of at most 500 characters: error documents can be huge. */
function eventTexts(document: string | undefined): string[] {
  if (document === undefined || document === '') return [];
  try {
    const parsed = JSON.parse(document) as ResultError;
    return (parsed.ErrorEvents ?? [])
      .flatMap((event) => (event.Message === undefined ? [] : [event.Message.trim().slice(0, 500)]))
      .slice(0, 10);
  } catch {
    return [document.slice(0, 500)];
  }
}
