import type { CommandContext } from './command.ts';
import { formatTime, rfc3339Layout, unixTime } from '../text/go-time.ts';
import { quoteGo } from '../text/go-quote.ts';
import { clientZone } from './zone.ts';

/** A line of Docker's client log: `time="2026-11-22T00:28:57Z" level=error msg="…"` on stderr. */
export function logLine(
  { environment, stderr }: Pick<CommandContext, 'environment' | 'stderr'>,
  level: 'error' | 'warning',
  message: string,
): void {
  const time = unixTime(Math.floor(environment.now() / 1000), clientZone(environment));
  stderr.write(`time="${formatTime(time, rfc3339Layout)}" level=${level} msg=${quoteGo(message)}\n`);
}
