import { CliError } from '../src/cli/cli-error.ts';
import { Command } from '../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../src/cli/flag.ts';
import { countChecks, diagnosisText } from '../src/cli/render/diagnosis.ts';

const flags = {
  check: { type: 'strings', description: 'Show these checks alone' },
  'dry-run': { type: 'bool', description: 'With --fix: say what would be done, and do nothing' },
  fix: { type: 'bool', description: 'Repair what can be repaired without losing or changing anything' },
  quiet: { type: 'bool', char: 'q', description: 'Show warnings and failures only' },
} as const satisfies FlagSpecs;

export default class Doctor extends Command {
  static readonly summary = 'Check what this host needs for running Windows containers';
  static readonly usage = '[OPTIONS]';
  static readonly description =
    'Check what this host needs for running Windows containers, and say what to type.\n\n' +
    'Starts nothing and changes nothing unless --fix is given. Works for ordinary users.\n' +
    'Exit codes: 0 no check failed, 1 a check failed.';
  static readonly flags = flags;
  static readonly args = { min: 0, max: 0 };
  static readonly examples = ['porthole doctor', 'porthole doctor --fix', 'porthole doctor --json'];

  async run({ flags }: ParsedFlags<typeof Doctor.flags>): Promise<number> {
    const { stdout, outTerminal, signal } = this.context;
    if (flags['dry-run'] && !flags.fix)
      throw new CliError('--dry-run goes with --fix', { code: 'USAGE', exitCode: 125 });
    const { system } = await this.context.engine();
    const found = await system.diagnose({ signal, fix: flags.fix && !flags['dry-run'] });
    const unknown = flags.check.filter((id) => !found.checks.some((check) => check.id === id));
    if (unknown.length > 0) {
      throw new CliError(`no such check: ${unknown.join(', ')}`, {
        code: 'USAGE',
        exitCode: 125,
        hint: `checks of this host: ${[...new Set(found.checks.map(({ id }) => id))].join(', ')}`,
      });
    }
    const checks =
      flags.check.length === 0 ? found.checks : found.checks.filter(({ id }) => flags.check.includes(id));
    const diagnosis = { ...found, checks };
    this.result(() => ({ apiVersion: 'porthole/v1', ...diagnosis, summary: countChecks(checks) }));
    const shown = flags.quiet
      ? checks.filter(({ status }) => status === 'warn' || status === 'fail')
      : checks;
    stdout.write(
      diagnosisText({ ...diagnosis, checks: shown }, { color: outTerminal.color, counted: checks }),
    );
    return checks.some(({ status }) => status === 'fail') ? 1 : 0;
  }
}
