/** Flags that several commands have in the same words. */
import type { FlagSpecs } from './flag.ts';

const more =
  'Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates';

export const listFormat = {
  type: 'string',
  description: [
    'Format output using a custom template:',
    "'table':            Print output in table format with column headers (default)",
    "'table TEMPLATE':   Print output in table format using the given Go template",
    "'json':             Print in JSON format",
    "'TEMPLATE':         Print output using the given Go template.",
    more,
  ].join('\n'),
} as const;

export const templateFormat = {
  type: 'string',
  description: [
    'Format output using a custom template:',
    "'json':             Print in JSON format",
    "'TEMPLATE':         Print output using the given Go template.",
    more,
  ].join('\n'),
} as const;

/** Docker's `--force` of prune commands, with what scripts expect besides (users.md 3.1). */
export const pruneFlags = {
  filter: { type: 'filter', description: 'Provide filter values (e.g. "until=<timestamp>")' },
  force: { type: 'bool', char: 'f', description: 'Do not prompt for confirmation' },
  yes: { type: 'bool', char: 'y', own: true, description: 'The same as --force' },
  'dry-run': { type: 'bool', own: true, description: 'Only show what would be removed' },
} as const satisfies FlagSpecs;

export const dryRunFlag = {
  type: 'bool',
  own: true,
  description: 'Only show what would be removed',
} as const;

export const detachKeysFlag = {
  type: 'string',
  description: 'Override the key sequence for detaching a container',
} as const;
