/** The shell texts of a Windows stage: what cmd reads, what PowerShell reads, and PowerShell called from cmd. */
import type { MappedText } from '../../dockerfile/mapped-text.ts';
import type { SourceRange } from '../../dockerfile/source.ts';
import { remember } from '../memory.ts';
import type { LintFile, LintInstruction, LintStage } from '../model.ts';
import { readCmd } from './cmd.ts';
import { readPowershell } from './powershell.ts';
import { programName, type ShellCommand, type ShellText } from './script.ts';

export interface Script extends ShellText {
  readonly shell: 'cmd' | 'powershell' | 'pwsh';
  readonly text: MappedText;
  readonly context: LintInstruction;
  readonly kind: 'run' | 'cmd' | 'entrypoint';
  /** SHELL's words, which run before the text. */
  readonly preamble: string;
  /** PowerShell that a cmd line or an exec form calls. */
  readonly nested: boolean;
}

/** Those of one instruction. Nearly every rule asks: they are read once. */
export const scriptsAt: (context: LintInstruction) => readonly Script[] = remember(scriptsOfInstruction);

/** In the order of the file. Texts of other shells are left out. */
export const scriptsOf: (stage: LintStage) => readonly Script[] = remember((stage: LintStage) =>
  stage.instructions.flatMap((context) => scriptsAt(context)),
);

export const runsOf: (stage: LintStage) => readonly Script[] = remember((stage: LintStage) =>
  scriptsOf(stage).filter(({ kind }) => kind === 'run'),
);

/** Those of one RUN, CMD or ENTRYPOINT; none of other instructions. */
export function scriptsOfInstruction(context: LintInstruction): Script[] {
  const { instruction, shell } = context;
  const { kind } = instruction;
  if (kind !== 'run' && kind !== 'cmd' && kind !== 'entrypoint') return [];
  const { exec, args, heredocs } = instruction.command;
  if (heredocs.length > 0) return [];
  if (exec) {
    const program = programName(args[0] && { text: '', value: args[0].text, start: 0, end: 0 });
    const at = args.findIndex(({ text }) => /^[-/]c(o(m(m(a(nd?)?)?)?)?)?$/i.test(text));
    const text = args[at + 1];
    if (at < 0 || text === undefined) return [];
    // Several words are joined by the program; each keeps its place only when it is alone.
    if (program === 'cmd' && at + 2 === args.length) return cmdScripts(text, context, kind);
    if ((program === 'powershell' || program === 'pwsh') && at + 2 === args.length) {
      return [powershellScript(program, text, context, kind, '', true)];
    }
    return [];
  }
  const text = args[0];
  if (text === undefined) return [];
  if (shell.kind === 'cmd') return cmdScripts(text, context, kind);
  if (shell.kind === 'powershell' || shell.kind === 'pwsh') {
    return [powershellScript(shell.kind, text, context, kind, shell.words.join(' '), false)];
  }
  return [];
}

function cmdScripts(text: MappedText, context: LintInstruction, kind: Script['kind']): Script[] {
  const { commands, operators } = readCmd(text.text);
  const scripts: Script[] = [
    { commands, operators, shell: 'cmd', text, context, kind, preamble: '', nested: false },
  ];
  for (const command of commands) {
    const { program } = command;
    if (program !== 'powershell' && program !== 'pwsh') continue;
    const inner = innerText(command, text, program);
    if (inner !== undefined) scripts.push(powershellScript(program, inner, context, kind, '', true));
  }
  return scripts;
}

/** What follows `-Command`, or the first word that is no switch: Windows PowerShell then runs it as a command. */
function innerText(command: ShellCommand, text: MappedText, program: string): MappedText | undefined {
  const { words } = command;
  let at = words.findIndex(({ value }) => /^[-/]c(o(m(m(a(nd?)?)?)?)?)?$/i.test(value)) + 1;
  if (at === 0) {
    if (program === 'pwsh' || words.some(({ value }) => /^[-/](f|e|enc)/i.test(value))) return undefined;
    at = words.findIndex(({ value }, index) => index > 0 && !/^[-/]/.test(value));
  }
  const first = words[at];
  if (at < 1 || first === undefined) return undefined;
  const whole = text.slice(first.start, command.end);
  const quotes = whole.text.startsWith('"') && whole.text.endsWith('"') && whole.text.length > 1;
  return quotes ? whole.slice(1, whole.text.length - 1) : whole;
}

function powershellScript(
  shell: 'powershell' | 'pwsh',
  text: MappedText,
  context: LintInstruction,
  kind: Script['kind'],
  preamble: string,
  nested: boolean,
): Script {
  const { commands, operators } = readPowershell(text.text);
  return { commands, operators, shell, text, context, kind, preamble, nested };
}

/** Where a command stands in the file; only its first line's part when it is long. */
export function rangeOf(script: Script, part: { readonly start: number; readonly end: number }): SourceRange {
  return script.text.range(part.start, part.end);
}

/** 1-based line of the file where the character at `index` of the script's text stands. */
export function lineOf({ text }: Script, index: number, { source }: LintFile): number {
  return source.lineAt(text.offsetOf(index));
}

export function textOf(script: Script, command: ShellCommand): string {
  return script.text.text.slice(command.start, command.end);
}

/** Commands that begin a statement outside all brackets, in order. */
export function statementsOf(script: Script): ShellCommand[] {
  return script.commands.filter(
    ({ depth, before }) => depth === 0 && (before === ';' || before === '' || before === '\n'),
  );
}

/** Commands that call a program themselves: a cmd line's call of PowerShell is that script's affair. */
export function directCommands(script: Script): ShellCommand[] {
  return script.commands.filter(({ program }) => program !== 'powershell' && program !== 'pwsh');
}
