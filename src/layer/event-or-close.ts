interface Stream {
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** Resolves at the event, or when the stream closes without it. Leaves no listener behind. */
export function eventOrClose(stream: Stream, event: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const name of new Set([event, 'close'])) stream.off(name, done);
      resolve();
    };
    for (const name of new Set([event, 'close'])) stream.on(name, done);
  });
}
