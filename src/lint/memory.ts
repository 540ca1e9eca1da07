/**
 * What rules have worked out about parts of a file, for the next ones that ask. It is part of the file's model and goes when that
 * goes. A WeakMap of a module would outlive the files, and what it holds of each would be moved to the old generation first.
 */
export type Memory = (Map<object, unknown> | undefined)[];

export interface Remembering {
  /** The same one for all parts of a file. */
  readonly memory: Memory;
}

let functions = 0;

/** `work`, done once for each `part`. Whatever else it is given must be the same each time. */
export function remember<Part extends Remembering, Value extends object, Other = void>(
  work: (part: Part, other: Other) => Value,
): (part: Part, other: Other) => Value {
  const number = functions++;
  return (part, other) => {
    const known = (part.memory[number] ??= new Map<object, unknown>());
    let value = known.get(part) as Value | undefined;
    if (value === undefined) {
      value = work(part, other);
      known.set(part, value);
    }
    return value;
  };
}
