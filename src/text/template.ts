/**
 * Go templates as Docker uses them (docker-cli.md 3): text/template with Docker's functions. This is the door to
 * `text/template/`; `decode.ts` there turns documents into values of either evaluation model.
 */
import { dockerFunctions, headerFunctions } from './template/docker-functions.ts';
import { executeTemplate } from './template/execute.ts';
import { builtinFunctions } from './template/functions.ts';
import { parseTemplateText } from './template/parser.ts';
import type { Value } from './template/value.ts';

export { TemplateError } from './template/template-error.ts';
export { rawValue, typedValue } from './template/decode.ts';
export type { GoType, Value } from './template/value.ts';

const functions = { ...builtinFunctions, ...dockerFunctions };
const functionsForHeaders = { ...builtinFunctions, ...headerFunctions };

export interface Template {
  /** Throws TemplateError, phase `execute`. */
  execute(data: Value | undefined, options?: { missingKeyFails?: boolean }): string;
  /** Runs it on a table's header texts. */
  executeHeader(header: Value): string;
}

/** A template that is nothing but text and fields of the dot, as most are, cut up without the parser; else undefined. */
export function plainParts(text: string): readonly (string | { readonly field: string })[] | undefined {
  if (!/^(?:[^{]|\{\{\.[A-Za-z]\w*\}\})*$/.test(text)) return undefined;
  return text.split(/\{\{\.(\w+)\}\}/).map((part, index) => (index % 2 === 0 ? part : { field: part }));
}

/** Throws TemplateError, phase `parse`. */
export function parseTemplate(text: string): Template {
  const parsed = parseTemplateText(text, (name) => Object.hasOwn(functions, name));
  return {
    execute: (data, options = {}) =>
      executeTemplate(parsed, data, { functions, missingKeyFails: options.missingKeyFails ?? false }),
    executeHeader: (header) =>
      executeTemplate(parsed, header, { functions: functionsForHeaders, missingKeyFails: false }),
  };
}
