/**
 * Programs of RUN lines that succeed under Wine without doing what they do on Windows (linux-backend.md 10): a build must
 * not pass them over in silence.
 */
const permissions = 'file permissions are kept for Windows but not changed there';
const limited: Readonly<Record<string, string>> = {
  icacls: permissions,
  cacls: permissions,
  takeown: permissions,
  schtasks: 'there is no task scheduler',
  netsh: 'there is no network configuration',
  dism: 'there are no Windows features to service',
  wusa: 'there are no Windows updates',
  'net user': 'there are no accounts but those of the image',
  sc: 'services are started only as far as Wine knows them',
};

/** Warnings for one command line of cmd or an exec form, each program once. */
export function wineWarnings(commandLine: string): string[] {
  const found = new Set<string>();
  const command = commandLine.replace(/^(?:\S*[\\/])?cmd(?:\.exe)?(?:\s+\/\S+)*\s+/i, '');
  for (const part of command.split(/&&|\|\||[&|\n]/)) {
    const words = part
      .trim()
      .replace(/^(?:@|\()+/, '')
      .split(/\s+/);
    const program = words[0]!
      .replaceAll('"', '')
      .replace(/^.*[\\/]/, '')
      .replace(/\.exe$/i, '')
      .toLowerCase();
    const pair = `${program} ${words[1]?.toLowerCase() ?? ''}`;
    if (Object.hasOwn(limited, pair)) found.add(pair);
    else if (Object.hasOwn(limited, program)) found.add(program);
  }
  return [...found].map(
    (program) => ` ---> [Warning] ${program} has little effect under Wine: ${limited[program]}\n`,
  );
}
