/** Package managers: how their words are read, and what they install. */
import { remember } from '../memory.ts';
import type { LintFile, LintStage } from '../model.ts';
import { readArguments, type ReadArguments } from './options.ts';
import type { ShellWord } from './script.ts';
import { namedCalls, stepsByProgram, type Call } from './steps.ts';

interface ToolWords {
  /** Matches a program's name: lower case, without folder and `.exe`. */
  readonly programs: RegExp;
  /** Options that take the next word. */
  readonly valued: ReadonlySet<string>;
  readonly style?: 'gnu' | 'single';
  /** Words after `--` are another program's. */
  readonly stops?: boolean;
}

/** One program, or several that take the same words. */
export class Tool {
  private static readonly every: Tool[] = [];
  readonly programs: RegExp;
  private readonly words: ToolWords;

  constructor(words: ToolWords) {
    this.programs = words.programs;
    this.words = words;
    Tool.every.push(this);
  }

  static all(): readonly Tool[] {
    return Tool.every;
  }

  read(args: readonly ShellWord[]): ReadArguments {
    return readArguments(args, this.words.valued, this.words);
  }
}

export interface ToolCall extends ReadArguments {
  readonly call: Call;
  /** The first operand: `install`. */
  readonly verb: string;
  readonly verbWord: ShellWord | undefined;
  /** Operands after the verb. */
  readonly rest: readonly ShellWord[];
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const aptOptions = words(
  '-t --target-release --default-release -o --option -c --config-file -a --host-architecture -P --build-profiles',
);

export const aptGet = new Tool({ programs: /^apt-get$/, valued: aptOptions });

/** All three front ends of apt's lists. */
export const apt = new Tool({ programs: /^(apt|apt-get|aptitude)$/, valued: aptOptions });

export const apk = new Tool({
  programs: /^apk$/,
  valued: words(
    '-X --repository -t --virtual -p --root --repositories-file --keys-dir --cache-dir --cache-max-age --arch --wait --progress-fd --timeout',
  ),
});

const rpmOptions = words(
  '-c --config -d --debuglevel -e --errorlevel -R --randomwait -x --exclude --enablerepo --disablerepo --repo --repoid --installroot --releasever --setopt --disableplugin --enableplugin --forcearch --advisory --bz --cve --sec-severity --comment --color --downloaddir --destdir --disableexcludes --excludepkgs --rpmverbosity',
);

export const yum = new Tool({ programs: /^yum$/, valued: rpmOptions });
export const dnf = new Tool({ programs: /^(micro)?dnf5?$/, valued: rpmOptions });

export const zypper = new Tool({
  programs: /^zypper$/,
  valued: words(
    '-R --root -D --reposd-dir -C --cache-dir -c --config --pkg-cache-dir --raw-cache-dir --solv-cache-dir -p --plus-repo --plus-content -r --repo --from -t --type --download --userdata --installroot',
  ),
});

export const pip = new Tool({
  programs: /^pip[23]?(\.\d+)?$/,
  valued: words(
    '-r --requirement -c --constraint -e --editable -t --target --platform --python-version --implementation --abi --root --prefix -b --build --src --upgrade-strategy -C --config-settings --config-setting --global-option --install-option --no-binary --only-binary --progress-bar --root-user-action --report -i --index-url --pypi-url --extra-index-url -f --find-links --log --proxy --retries --timeout --exists-action --trusted-host --cert --client-cert --cache-dir --use-feature --use-deprecated --python --keyring-provider --group --resume-retries --uploaded-prior-to',
  ),
});

export const npm = new Tool({
  programs: /^npm$/,
  valued: words(
    '--loglevel --registry --prefix -C --cache --userconfig --globalconfig --tag --omit --include --only --also -w --workspace --save-prefix --scope --install-strategy --os --cpu --libc --before --fetch-retries --fetch-timeout --network-timeout --script-shell --node-options --auth-type --otp --proxy --https-proxy --noproxy --cafile --ca --maxsockets --timing-file --logs-dir --logs-max',
  ),
});

export const gem = new Tool({
  programs: /^gem[\d.]*$/,
  valued: words(
    '-n --bindir -i --install-dir -v --version -s --source --clear-sources -P --trust-policy --platform --build-root -p --http-proxy -B --bulk-threshold -g --file --document --without --config-file --target-rbconfig --use-system-libraries --with-cflags --with-ldflags',
  ),
  stops: true,
});

export const go = new Tool({
  programs: /^go[\d.]*$/,
  valued: words(
    '-C -o -p -mod -modfile -ldflags -gcflags -asmflags -gccgoflags -tags -buildmode -compiler -exec -overlay -pkgdir -toolexec -covermode -coverpkg -pgo -installsuffix',
  ),
  style: 'single',
});

export const yarn = new Tool({
  programs: /^yarn(pkg)?$/,
  valued: words(
    '--cwd --cache-folder --modules-folder --registry --mutex --network-timeout --network-concurrency',
  ),
});

/** Calls of one stage that may be a tool's, and those that were read. */
interface ToolsOfStage {
  readonly candidates: ReadonlyMap<Tool, readonly Call[]>;
  readonly read: Map<Tool, readonly ToolCall[]>;
}

const toolsOfStage = remember((stage: LintStage, file: LintFile): ToolsOfStage => ({
  candidates: candidatesOf(stage, file),
  read: new Map(),
}));

/** Calls of one tool in the stage's RUN steps. Several rules ask for the same tool: they are read once. */
export function toolCalls(stage: LintStage, file: LintFile, tool: Tool): readonly ToolCall[] {
  const { candidates, read } = toolsOfStage(stage, file);
  const mayBe = candidates.get(tool);
  if (mayBe === undefined) return none;
  let calls = read.get(tool);
  if (calls === undefined) {
    calls = mayBe.flatMap((call) => readTool(call, tool) ?? none);
    read.set(tool, calls);
  }
  return calls;
}

function candidatesOf(stage: LintStage, file: LintFile): ReadonlyMap<Tool, readonly Call[]> {
  const candidates = new Map<Tool, readonly Call[]>();
  for (const program of stepsByProgram(stage, file).keys()) {
    const tools = toolsOf(program);
    if (tools.length === 0) continue;
    const calls = namedCalls(stage, file, program);
    for (const tool of tools) candidates.set(tool, [...(candidates.get(tool) ?? none), ...calls]);
  }
  return candidates;
}

const none: readonly never[] = [];

/** Programs that were met before: files share most of them. */
const toolsByProgram = new Map<string, readonly Tool[]>();

/** The tools that a call of the program may be. */
function toolsOf(program: string): readonly Tool[] {
  let found = toolsByProgram.get(program);
  if (found === undefined) {
    const all = Tool.all();
    found = python.test(program) ? all : all.filter(({ programs }) => programs.test(program));
    if (toolsByProgram.size > 5000) toolsByProgram.clear();
    toolsByProgram.set(program, found);
  }
  return found;
}

const python = /^(python[\d.]*|py)$/;

/** Undefined when the call is another program's. `python -m pip` is pip. */
export function readTool(call: Call, tool: Tool): ToolCall | undefined {
  let args = call.args;
  if (!tool.programs.test(call.program)) {
    if (!python.test(call.program)) return undefined;
    const module = args.findIndex(({ value }) => value === '-m');
    if (module < 0 || !tool.programs.test(args[module + 1]?.value ?? '')) return undefined;
    args = args.slice(module + 2);
  }
  const read = tool.read(args);
  const [verb, ...rest] = read.operands;
  return { ...read, call, verb: verb?.value ?? '', verbWord: verb, rest };
}

/** Words that a variable or a command makes: what they install cannot be told. */
export function isComputed({ text, value }: ShellWord): boolean {
  return /^["']?[$`%]/.test(text) || /^[$`]/.test(value);
}

/** `a, b and 2 more`. */
export function nameSome(items: readonly ShellWord[]): string {
  const names = items.slice(0, 3).map(({ value }) => value);
  return items.length > 3 ? `${names.join(', ')} and ${items.length - 3} more` : names.join(', ');
}
