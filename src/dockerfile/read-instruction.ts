import { quoteGo } from '../text/go-quote.ts';
import { InstructionProblem } from './dockerfile-error.ts';
import { parseFlags } from './flags.ts';
import type {
  ArgInstruction,
  CommandLine,
  ExposeInstruction,
  FromInstruction,
  Instruction,
  OnbuildInstruction,
  ShellInstruction,
  VolumeInstruction,
} from './instructions.ts';
import type { MappedText } from './mapped-text.ts';
import { instructionNames } from './node.ts';
import { readHealthcheck } from './read-healthcheck.ts';
import { readRun } from './read-run.ts';
import { readAdd, readCopy } from './read-transfer.ts';
import { didYouMean } from './suggest.ts';
import type { InstructionNode, PairNode } from './tree.ts';
import { trimMapped } from './words.ts';

export interface ReadOptions {
  /** The target's system: it decides some texts. */
  readonly os: 'windows' | 'linux';
  /** Escape character of a file without an `escape` directive. */
  readonly escape?: '\\' | '`';
}

/** The meaning of one line. Throws `InstructionProblem` in the reference's words, in its order of checks. */
export function readInstruction(
  node: InstructionNode,
  options: ReadOptions = { os: 'windows' },
): Instruction {
  switch (node.name) {
    case 'add':
      return readAdd(node);
    case 'arg':
      return readArg(node);
    case 'cmd':
    case 'entrypoint':
      parseFlags(node.flags, {});
      return { kind: node.name, node, command: commandLine(node) };
    case 'copy':
      return readCopy(node);
    case 'env':
    case 'label':
      return { kind: node.name, node, pairs: readPairs(node) };
    case 'expose':
      return readExpose(node);
    case 'from':
      return readFrom(node);
    case 'healthcheck':
      return readHealthcheck(node);
    case 'maintainer':
      return { kind: 'maintainer', node, maintainer: onlyArgument(node) };
    case 'onbuild':
      return readOnbuild(node);
    case 'run':
      return readRun(node, commandLine(node));
    case 'shell':
      return readShell(node, options);
    case 'stopsignal':
      return { kind: 'stopsignal', node, signal: onlyArgument(node, false) };
    case 'user':
      return { kind: 'user', node, user: onlyArgument(node) };
    case 'volume':
      return readVolume(node);
    case 'workdir':
      return { kind: 'workdir', node, path: onlyArgument(node) };
    default: {
      const written = node.keyword.text;
      const hint = didYouMean(
        written,
        instructionNames.map((name) => name.toUpperCase()),
        true,
      );
      throw new InstructionProblem(`unknown instruction: ${written}${hint}`, node.keyword);
    }
  }
}

function commandLine(node: InstructionNode): CommandLine {
  return { exec: node.json, args: node.args, heredocs: node.heredocs };
}

/** `flags` false: the reference does not look at this instruction's flags. */
function onlyArgument(node: InstructionNode, flags = true): MappedText {
  if (node.args.length !== 1) {
    throw new InstructionProblem(`${node.name.toUpperCase()} requires exactly one argument`, node.text);
  }
  if (flags) parseFlags(node.flags, {});
  return node.args[0]!;
}

function requireArgument(node: InstructionNode): void {
  if (node.args.length === 0) {
    throw new InstructionProblem(`${node.name.toUpperCase()} requires at least one argument`, node.text);
  }
}

function readPairs(node: InstructionNode): readonly PairNode[] {
  parseFlags(node.flags, {});
  const name = node.name.toUpperCase();
  if (node.pairs.length === 0) {
    throw new InstructionProblem(`${name} requires at least one argument`, node.text);
  }
  for (const { key, value } of node.pairs) {
    if (key.text === '') throw new InstructionProblem(`${name} names can not be blank`, value);
  }
  return node.pairs;
}

function readArg(node: InstructionNode): ArgInstruction {
  requireArgument(node);
  const args = node.args.map((word) => {
    const equals = word.text.indexOf('=');
    if (equals === 0) throw new InstructionProblem('ARG names can not be blank', word);
    if (equals < 0) return { name: word, value: undefined };
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { kind: 'arg', node, args };
}

/** Of the lower-cased name. */
export const validStageName = /^[a-z][a-z0-9\-_.]*$/;

function readFrom(node: InstructionNode): FromInstruction {
  const [image, as, stageName] = node.args;
  const named = node.args.length === 3 && as!.text.toLowerCase() === 'as';
  if (!image || (!named && node.args.length !== 1)) {
    throw new InstructionProblem('FROM requires either one or three arguments', node.text);
  }
  if (stageName && !validStageName.test(stageName.text.toLowerCase())) {
    const reason = "name can't start with a number or contain symbols";
    const message = `invalid name for build stage: ${quoteGo(stageName.text)}, ${reason}`;
    throw new InstructionProblem(message, stageName);
  }
  const flags = parseFlags(node.flags, { platform: 'text' });
  return { kind: 'from', node, image, stageName, platform: flags.text('platform') };
}

function readExpose(node: InstructionNode): ExposeInstruction {
  requireArgument(node);
  parseFlags(node.flags, {});
  const ports = [...node.args].sort((one, other) =>
    one.text < other.text ? -1 : one.text > other.text ? 1 : 0,
  );
  return { kind: 'expose', node, ports };
}

function readVolume(node: InstructionNode): VolumeInstruction {
  requireArgument(node);
  parseFlags(node.flags, {});
  const volumes = node.args.map((word) => {
    const trimmed = trimMapped(word);
    if (trimmed.text === '') {
      throw new InstructionProblem('VOLUME specified can not be an empty string', node.text);
    }
    return trimmed;
  });
  return { kind: 'volume', node, volumes };
}

function readOnbuild(node: InstructionNode): OnbuildInstruction {
  const trigger = node.inner;
  if (!trigger) throw new InstructionProblem('ONBUILD requires at least one argument', node.text);
  parseFlags(node.flags, {});
  const keyword = trigger.keyword.text.toUpperCase();
  if (keyword === 'ONBUILD') {
    throw new InstructionProblem("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", trigger.keyword);
  }
  if (keyword === 'MAINTAINER' || keyword === 'FROM') {
    throw new InstructionProblem(`${keyword} isn't allowed as an ONBUILD trigger`, trigger.keyword);
  }
  let expression = node.text.text.replace(/^\s*ONBUILD\s*/i, '');
  for (const heredoc of node.heredocs) expression += `\n${heredoc.content}${heredoc.name}`;
  return { kind: 'onbuild', node, expression, trigger };
}

function readShell(node: InstructionNode, options: ReadOptions): ShellInstruction {
  parseFlags(node.flags, {});
  requireArgument(node);
  if (!node.json) {
    const extra = options.os === 'windows' ? unescapedPathHint(node.text.text) : '';
    throw new InstructionProblem(`SHELL requires the arguments to be in JSON form${extra}`, node.rest);
  }
  return { kind: 'shell', node, shell: node.args };
}

/** A quoted drive path without a doubled backslash in brackets: most likely meant as JSON. */
function unescapedPathHint(original: string): string {
  const text = original.toLowerCase().replaceAll('shell ', '').replaceAll('/', '\\');
  if (!/"[a-z]:\\/.test(text) || text.includes('\\\\') || !text.includes('[') || !text.includes(']'))
    return '';
  const example = String.raw`["c:\\path\\to\\file.exe", "/parameter"]`;
  return (
    `. It looks like '${text}' includes a file path without an escaped back-slash. ` +
    `JSON requires back-slashes to be escaped such as ${example}`
  );
}
