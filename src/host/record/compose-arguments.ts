/** The entries of `layers.compose` come from iterators that can be read once: they are collected, and described. */
export async function describeEntries(
  args: readonly unknown[],
): Promise<{ readonly args: unknown[]; readonly shown: unknown[] }> {
  const [parents, source, ...rest] = args as [unknown, AsyncIterable<object>, ...unknown[]];
  const entries: object[] = [];
  for await (const entry of source) entries.push(entry);
  // The time of the composition is another whenever it is done again.
  const shown = rest.map((option) => ({ ...(option as object), now: undefined }));
  return { args: [parents, entries, ...rest], shown: [parents, entries.map(describe), ...shown] };
}

/** Without contents: their sizes are there, and the layer that they make is recorded as a whole. */
function describe(entry: object): object {
  const { content, ...shown } = entry as { content?: { hostPath?: string; bytes?: Uint8Array } };
  return { ...shown, ...(content === undefined ? {} : { content: content.bytes ? 'bytes' : 'stream' }) };
}
