import type { PortholeError } from '../errors/porthole-error.ts';
import { hresultOf } from './reporter.ts';

/** The hint of an engine error from the table of `explain`, which is loaded now. */
export async function explainedHintOf(error: PortholeError): Promise<string | undefined> {
  const { explainedHint } = await import('../explain/error-hint.ts');
  const hresult = hresultOf(error);
  return explainedHint({
    message: error.message,
    hint: error.hint,
    ...(hresult === undefined ? {} : { hresult }),
  });
}
