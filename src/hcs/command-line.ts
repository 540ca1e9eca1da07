/**
 * One argument as CommandLineToArgvW reads it back: quotes only around blanks, tabs and nothing at all; backslashes before a
 * quote are doubled, the quote gets one (hcs.md 3.4; Go's syscall.EscapeArg).
 */
export function escapeArgument(argument: string): string {
  if (argument === '') return '""';
  const quoted = /[ \t]/.test(argument);
  if (!quoted && !argument.includes('"')) return argument;
  const escaped = argument.replace(/(\\*)"/g, '$1$1\\"');
  return quoted ? `"${escaped.replace(/(\\+)$/, '$1$1')}"` : escaped;
}

export function escapeArguments(args: readonly string[]): string {
  return args.map(escapeArgument).join(' ');
}

/** `ArgsEscaped`: the path is a finished command line already and goes in as it is. */
export function commandLineOf(path: string, args: readonly string[], argsEscaped: boolean): string {
  if (!argsEscaped) return escapeArguments([path, ...args]);
  return args.length === 0 ? path : `${path} ${escapeArguments(args)}`;
}
