export const formatNames = [
  'human',
  'compact',
  'json',
  'hadolint-json',
  'sarif',
  'checkstyle',
  'codeclimate',
  'gitlab',
  'github',
  'junit',
  'gnu',
  'codacy',
  'sonarqube',
] as const;

export type FormatName = (typeof formatNames)[number];

/** hadolint's names, as its configuration file and its users write them (dockerfile.md 3.3). */
export const hadolintFormatNames = [
  'tty',
  'json',
  'checkstyle',
  'codeclimate',
  'gitlab_codeclimate',
  'gnu',
  'codacy',
  'sonarqube',
  'sarif',
  'junit',
] as const;

/** The format that a name means; `json` means another thing to hadolint. Undefined for none. */
export function formatNamed(
  name: string,
  dialect: 'porthole' | 'hadolint' = 'porthole',
): FormatName | undefined {
  if (name === 'tty') return 'human';
  if (name === 'gitlab_codeclimate') return 'gitlab';
  if (name === 'json' && dialect === 'hadolint') return 'hadolint-json';
  return formatNames.find((candidate) => candidate === name);
}
