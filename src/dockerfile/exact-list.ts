export const none: readonly never[] = [];

/** A list without the room to spare that growing gave it: long files have very many of them, most of them empty. */
export function exact<Item>(list: readonly Item[] | undefined): readonly Item[] {
  return list === undefined || list.length === 0 ? none : list.slice();
}
