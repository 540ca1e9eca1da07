/**
 * A table's own entry. Names that a person or a file gives may be those of any object's properties: `constructor`, `toString`
 * and their like are in every table otherwise.
 */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
