/** `build --call`: what BuildKit answers about a Dockerfile that it does not build, as text and as JSON. */
import type { ArgPlatform } from '../dockerfile/build-args.ts';
import { escapeHtml } from '../text/template/json.ts';
import {
  checkBuild,
  checkDocument,
  checkErrorText,
  checkText,
  excerpt,
  problemOf,
  type CheckRequest,
} from './build-check.ts';
import { buildModel } from './build-model.ts';
import { OutlineError, outlineBuild, outlineText } from './build-outline.ts';
import { listTargets, targetsText } from './build-targets.ts';
import type { LintFile } from './model.ts';
import type { RuleDefinition } from './rule.ts';

export interface BuildCallRequest extends CheckRequest {
  readonly call: 'check' | 'outline' | 'targets';
  readonly platforms: { readonly build: ArgPlatform; readonly target: ArgPlatform };
}

export interface BuildCallAnswer {
  /** Undefined when the Dockerfile is so wrong that there is none. */
  readonly document: object | undefined;
  readonly text: string;
  /** For stderr. */
  readonly errors: string;
  readonly status: 'good' | 'warned' | 'failed';
}

/** Throws `LintUsageError` for a target that is not there. */
export function answerBuildCall(
  request: BuildCallRequest,
  rules: readonly RuleDefinition[],
): BuildCallAnswer {
  if (request.call === 'check') {
    const result = checkBuild(request, rules);
    const { error, warnings } = result;
    return {
      document: checkDocument(result),
      text: checkText(result),
      errors: error === undefined ? '' : `ERROR: ${checkErrorText(result)}`,
      status: error !== undefined ? 'failed' : warnings.length > 0 ? 'warned' : 'good',
    };
  }
  const { source, buildArgs, targetOs, target } = request;
  const file = buildModel(source, {
    name: request.name,
    buildArgs,
    wasUtf16: request.wasUtf16,
    ...(targetOs === undefined ? {} : { targetOs }),
  });
  const [problem] = file.dockerfile.problems;
  if (problem !== undefined) {
    const { message, lines } = problemOf(problem);
    return refused(file, message, lines);
  }
  if (request.call === 'targets') {
    const list = listTargets(file);
    return { document: list, text: targetsText(list), errors: '', status: 'good' };
  }
  try {
    const outline = outlineBuild({ file, buildArgs, target, platform: request.platforms });
    return { document: outline, text: outlineText(outline), errors: '', status: 'good' };
  } catch (error) {
    if (error instanceof OutlineError) return refused(file, error.message, error.node.lines);
    throw error;
  }
}

/** As Go indents it. */
export function callJson(document: object): string {
  return `${escapeHtml(JSON.stringify(document, undefined, 2))}\n`;
}

function refused(
  file: LintFile,
  message: string,
  lines: readonly [number, number] | undefined,
): BuildCallAnswer {
  const shown = lines === undefined ? '' : excerpt(file.source, file.name, lines);
  return {
    document: undefined,
    text: '',
    errors: `${shown}ERROR: failed to build: failed to solve: ${message}\n`,
    status: 'failed',
  };
}
