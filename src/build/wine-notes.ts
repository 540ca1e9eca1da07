/**
 * Programs of RUN lines that succeed under Wine without all that they do on Windows (linux-backend.md 10): a build must not
 * pass them over in silence. Programs that cannot work there at all fail and say so themselves.
 */
const permissions = 'access control lists are neither kept nor enforced there';
const limited: Readonly<Record<string, string>> = {
  icacls: permissions,
  cacls: permissions,
  takeown: permissions,
  sc: 'services are known only as far as Wine knows them',
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
    if (Object.hasOwn(limited, program)) found.add(program);
  }
  return [...found].map(
    (program) => ` ---> [Warning] ${program} has little effect under Wine: ${limited[program]}\n`,
  );
}
