/** The first place where two JSON values differ: `args[1].Container.Memory.SizeInMB`. Undefined when they do not. */
export interface Difference {
  readonly path: string;
  readonly recorded: unknown;
  readonly now: unknown;
}

export function firstDifference(recorded: unknown, now: unknown, path: string): Difference | undefined {
  if (typeof recorded === 'string' && typeof now === 'string') {
    return plain(recorded) === plain(now) ? undefined : { path, recorded, now };
  }
  if (typeof recorded !== 'object' || typeof now !== 'object' || recorded === null || now === null) {
    return Object.is(recorded, now) ? undefined : { path, recorded, now };
  }
  if (Array.isArray(recorded) !== Array.isArray(now)) return { path, recorded, now };
  const keys = new Set([...Object.keys(recorded), ...Object.keys(now)]);
  for (const key of keys) {
    const inner = Array.isArray(recorded) ? `${path}[${key}]` : `${path}.${key}`;
    const found = firstDifference(
      (recorded as Record<string, unknown>)[key],
      (now as Record<string, unknown>)[key],
      inner,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Below a place that stands for another machine's folder, either slash will do. */
function plain(text: string): string {
  return /<(?:data-root|home)>/.test(text) ? text.replaceAll('\\', '/') : text;
}

/** A value in a message: short, on one line. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
