import { CliError } from '../cli-error.ts';
import type { FlagSpecs, ParsedFlags } from '../flag.ts';

export const stopFlags = {
  signal: { type: 'string', char: 's', description: 'Signal to send to the container' },
  time: {
    type: 'int',
    description: 'Seconds to wait before killing the container (deprecated: use --timeout)',
    hidden: true,
    deprecated: 'use --timeout instead',
  },
  timeout: { type: 'int', char: 't', description: 'Seconds to wait before killing the container' },
} as const satisfies FlagSpecs;

/** Signal and seconds of `stop` and `restart`; absent = the container's own. */
export function stopOptions({ flags, changed }: Pick<ParsedFlags<typeof stopFlags>, 'flags' | 'changed'>): {
  signalName?: string;
  timeout?: number;
} {
  if (changed.has('time') && changed.has('timeout'))
    throw new CliError('conflicting options: cannot specify both --timeout and --time');
  return {
    ...(flags.signal !== '' && { signalName: flags.signal }),
    ...(changed.has('timeout') && { timeout: flags.timeout }),
    ...(changed.has('time') && { timeout: flags.time }),
  };
}
