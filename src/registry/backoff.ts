/** When to try again (images-and-registries.md 2.7): exponential from 1 s to 30 s with jitter, `Retry-After` wins. */
export interface BackoffPolicy {
  /** Attempts without progress, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** A server that asks for more patience than this is not waited for. */
  readonly maxRetryAfterMs: number;
}

export const defaultBackoff: BackoffPolicy = {
  attempts: 5,
  baseMs: 1000,
  maxMs: 30_000,
  maxRetryAfterMs: 120_000,
};

/** Milliseconds before attempt `failed + 1`; undefined = give up. `random` in [0, 1). */
export function delayAfter(
  failed: number,
  policy: BackoffPolicy,
  random: number,
  retryAfterMs?: number,
): number | undefined {
  if (failed >= policy.attempts) return undefined;
  if (retryAfterMs !== undefined) return retryAfterMs <= policy.maxRetryAfterMs ? retryAfterMs : undefined;
  const ceiling = Math.min(policy.baseMs * 2 ** (failed - 1), policy.maxMs);
  return Math.round(ceiling * (0.75 + random / 4));
}

/** `Retry-After` in seconds or as an HTTP date; undefined when absent or unreadable. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value.trim()) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
