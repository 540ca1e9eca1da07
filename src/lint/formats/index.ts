import type { RuleDefinition } from '../rule.ts';
import { formatCheckstyle } from './checkstyle.ts';
import { formatCodeclimate, formatGitlab } from './codeclimate.ts';
import { formatCompact } from './compact.ts';
import { formatGithub } from './github.ts';
import { formatHuman } from './human.ts';
import { formatHadolintJson, formatJson } from './json.ts';
import { formatJunit } from './junit.ts';
import type { Format } from './report.ts';
import { formatSarif } from './sarif.ts';

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
] as const;

export type FormatName = (typeof formatNames)[number];

/** `version` is the tool's own, which SARIF names. */
export function formatOf(name: FormatName, version: string, rules: readonly RuleDefinition[]): Format {
  switch (name) {
    case 'human':
      return formatHuman;
    case 'compact':
      return formatCompact;
    case 'json':
      return formatJson;
    case 'hadolint-json':
      return formatHadolintJson;
    case 'sarif':
      return formatSarif(version, rules);
    case 'checkstyle':
      return formatCheckstyle;
    case 'codeclimate':
      return formatCodeclimate;
    case 'gitlab':
      return formatGitlab;
    case 'github':
      return formatGithub;
    case 'junit':
      return formatJunit;
  }
}
