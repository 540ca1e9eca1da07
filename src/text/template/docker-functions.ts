import type { TemplateFunction, TemplateFunctions } from './functions.ts';
import { valueJson } from './json.ts';
import { interfaceType, intType, string, strings, stringsType, stringType } from './value.ts';
import type { Value } from './value.ts';

/** The functions Docker adds to its templates (docker-cli.md 3.3). */

const text = (value: Value | undefined): string => value!.data as string;
const number = (value: Value | undefined): number => Number(value!.data);
const onText = (change: (text: string) => string): TemplateFunction => ({
  params: [stringType],
  call: (args) => string(change(text(args[0]))),
});

/** Go's strings.Title: a letter after a separator, which is any ASCII character but letters, digits and `_`, or a space. */
function title(words: string): string {
  return words.replace(
    /(^|[\x00-/:-@[-^`{-\x7f\p{White_Space}])(\p{Ll})/gu,
    (_all, before: string, letter: string) => {
      const upper = letter.toUpperCase();
      return before + ([...upper].length === 1 ? upper : letter);
    },
  );
}

/** First `length` bytes; a cut inside a character leaves the replacement character. */
function truncate(source: string, length: number): string {
  const bytes = Buffer.from(source);
  return bytes.length < length ? source : bytes.subarray(0, length).toString();
}

function padWithSpace(source: string, prefix: number, suffix: number): string {
  return source === '' ? source : ' '.repeat(prefix) + source + ' '.repeat(suffix);
}

export const dockerFunctions: TemplateFunctions = {
  json: { params: [interfaceType], call: (args) => string(valueJson(args[0])) },
  split: {
    params: [stringType, stringType],
    call: (args) => {
      const separator = text(args[1]);
      return strings(separator === '' ? [...text(args[0])] : text(args[0]).split(separator));
    },
  },
  join: {
    params: [stringsType, stringType],
    call: (args) => string(((args[0]!.data as Value[] | null) ?? []).map(text).join(text(args[1]))),
  },
  title: onText(title),
  lower: onText((source) => source.toLowerCase()),
  upper: onText((source) => source.toUpperCase()),
  pad: {
    params: [stringType, intType, intType],
    call: (args) => string(padWithSpace(text(args[0]), number(args[1]), number(args[2]))),
  },
  truncate: {
    params: [stringType, intType],
    call: (args) => string(truncate(text(args[0]), number(args[1]))),
  },
};

const identity = (params: TemplateFunction['params']): TemplateFunction => ({
  params,
  call: (args) => args[0],
});

/** For the header row of a table: functions that change values leave header texts alone, `pad` still pads. */
export const headerFunctions: TemplateFunctions = {
  ...dockerFunctions,
  json: identity([stringType]),
  split: identity([stringType, stringType]),
  join: identity([stringType, stringType]),
  title: identity([stringType]),
  lower: identity([stringType]),
  upper: identity([stringType]),
  truncate: identity([stringType, intType]),
};
