import { isKind } from '../errors/porthole-error.ts';

/** A container that already is what was asked for counts as success: Docker's client does not even see the 304. */
export async function unlessAlready(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isKind(error, 'notModified')) throw error;
  }
}
