/** What yum, dnf, microdnf and zypper have in common. */
import type { LintFile, LintStage } from '../model.ts';
import type { Report } from '../rule.ts';
import { isComputed, nameSome, readTool, toolCalls, type Tool, type ToolCall } from './package-managers.ts';
import { callsOf, mountsOver, posixSteps, rangeIn } from './steps.ts';

const cacheFolders = ['/var/cache/yum', '/var/cache/dnf', '/var/cache/libdnf5', '/var/cache/zypp'];
const cachePath = /^\/var\/cache(\/(yum|dnf|libdnf5|zypp)(\/.*)?|\/\*?)?$/;

/** `install` for `module install` and `group install` too. */
export function rpmVerb({ verb, rest }: Pick<ToolCall, 'verb' | 'rest'>): string {
  return /^(module|groups?)$/.test(verb) ? (rest[0]?.value ?? '') : verb;
}

/** Reports steps whose last installation is not followed by a clean-up of the same program. */
export function reportCacheLeft(
  stage: LintStage,
  file: LintFile,
  report: (report: Report) => void,
  tool: Tool,
  installing: RegExp,
): void {
  if (toolCalls(stage, file, tool).length === 0) return;
  for (const step of posixSteps(stage, file)) {
    if (mountsOver(step.run, ...cacheFolders)) continue;
    const calls = callsOf(step);
    const programs = new Set(
      calls.map(({ program }) => program).filter((program) => tool.programs.test(program)),
    );
    for (const program of programs) {
      const last = calls.findLastIndex((call) => {
        const read = call.program === program ? readTool(call, tool) : undefined;
        return read !== undefined && installing.test(rpmVerb(read));
      });
      if (last < 0) continue;
      const cleaned = calls.slice(last + 1).some((call) => {
        if (call.program === 'rm') return call.args.some(({ value }) => cachePath.test(value));
        return call.program === program && /^(clean|cc)$/.test(readTool(call, tool)?.verb ?? '');
      });
      if (cleaned) continue;
      report({
        message: `the cache of ${program} stays in this layer: end the step with ${program} clean${program === 'zypper' ? '' : ' all'}`,
        range: rangeIn(step, calls[last]!.command),
      });
    }
  }
}

/** `httpd-2.4.24`, `openssl-1:1.1.1k`, `httpd-2.4.24-1.el9`: a version begins with a digit after one of the last two dashes. */
const versioned = /-(\d+:)?\d[^-]*(-[^-]+)?$/;

/** Reports packages without a version, and module streams without a name. */
export function reportUnpinned(
  stage: LintStage,
  file: LintFile,
  report: (report: Report) => void,
  tool: Tool,
): void {
  for (const { call, verb, rest } of toolCalls(stage, file, tool)) {
    const isModule = verb === 'module' && /^(install|enable)$/.test(rest[0]?.value ?? '');
    if (!isModule && !/^(install|in)$/.test(verb)) continue;
    const loose = (isModule ? rest.slice(1) : rest).filter((word) => {
      if (isComputed(word)) return false;
      if (isModule) return !word.value.includes(':');
      return !versioned.test(word.value) && !/\.rpm$|[/@=<>()]/.test(word.value);
    });
    if (loose[0] === undefined) continue;
    report({
      message: `no version for ${nameSome(loose)}: write ${loose[0].value}${isModule ? ':<stream>' : '-<version>'}`,
      range: rangeIn(call.step, loose[0]),
    });
  }
}
