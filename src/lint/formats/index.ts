import type { RuleDefinition } from '../rule.ts';
import { formatCheckstyle } from './checkstyle.ts';
import { formatCodacy } from './codacy.ts';
import { formatCodeclimate, formatGitlab } from './codeclimate.ts';
import { formatCompact } from './compact.ts';
import { formatGithub } from './github.ts';
import { formatGnu } from './gnu.ts';
import { formatHuman } from './human.ts';
import { formatHadolintJson, formatJson } from './json.ts';
import { formatJunit } from './junit.ts';
import type { FormatName } from './names.ts';
import type { Format } from './report.ts';
import { formatSarif } from './sarif.ts';
import { formatSonarqube } from './sonarqube.ts';

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
    case 'gnu':
      return formatGnu;
    case 'codacy':
      return formatCodacy;
    case 'sonarqube':
      return formatSonarqube;
  }
}
