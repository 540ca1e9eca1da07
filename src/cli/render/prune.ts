/** What prune commands say of what went (docker-cli.md 3.6); nothing when nothing did. `what`: `Images`. */
export function deletedText(what: string, lines: readonly string[], dryRun: boolean): string {
  if (lines.length === 0) return '';
  const title = dryRun ? `Would delete ${what.toLowerCase()}:` : `Deleted ${what}:`;
  return `${[title, ...lines].join('\n')}\n\n`;
}
