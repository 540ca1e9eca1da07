/**
 * What a lint rule is: one file, one default export, documentation and executed cases inside (codebases.md 8.2).
 *
 * A rule is pure: it looks at the model of one file and reports ranges. The runner decides about severity overrides,
 * suppression comments and platforms.
 */
import type { StageInstruction } from '../dockerfile/instructions.ts';
import type { SourceRange } from '../dockerfile/source.ts';
import type { LintFile, LintStage } from './model.ts';

export type Severity = 'error' | 'warning' | 'info' | 'style';

/** Stages a rule looks at. `any` rules see every stage; `file` level reports are never filtered by platform. */
export type RulePlatform = 'any' | 'windows' | 'linux';

/** Replaces `range` by `text`. Several edits of one fix do not overlap and are applied together. */
export interface TextEdit {
  readonly range: SourceRange;
  readonly text: string;
}

export interface Fix {
  /** Imperative, for editors: `Add "# escape=\`" as the first line`. */
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export interface Report {
  readonly message: string;
  readonly range: SourceRange;
  /** 1-based, when the reference reports another line than the range's first. */
  readonly line?: number;
  /** Lines besides: an ignore comment that covers one of them silences the report as well. */
  readonly alsoAt?: readonly number[];
  /** Which of the rule's aliases this is, when several of another linter's rules are one here. */
  readonly alias?: string;
  readonly fix?: Fix;
}

/** The types of hadolint's `label-schema`; `text` and `rawtext` take anything. */
export const labelTypes = ['text', 'rawtext', 'url', 'semver', 'hash', 'rfc3339', 'spdx', 'email'] as const;
export type LabelType = (typeof labelTypes)[number];

export interface RuleOptions {
  /** hadolint `trustedRegistries`, with `*` wildcards. */
  readonly trustedRegistries: readonly string[];
  /** hadolint's `label-schema`: what the value of each known label must look like. */
  readonly labelSchema: Readonly<Record<string, LabelType>>;
  /** With it, labels that `labelSchema` does not name are reported. */
  readonly strictLabels: boolean;
  /** `.dockerignore` text of the context, when there is one. */
  readonly dockerignore: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `os/architecture` of base images that were pulled, by reference as FROM gives it after expansion. */
  readonly basePlatforms: Readonly<Record<string, string>>;
  /** What the whole build is for (`build --platform`); '' = not said. */
  readonly targetPlatform: string;
  /** Milliseconds since the epoch: what "today" is for end-of-life data (`--as-of`). */
  readonly asOf: number;
}

export interface RuleContext {
  readonly file: LintFile;
  readonly options: RuleOptions;
  readonly report: (report: Report) => void;
}

/** `check` runs once a file; `stage` once a stage of the rule's platforms. A rule has one or both. */
export interface RuleChecks {
  readonly check?: (context: RuleContext) => void;
  readonly stage?: (stage: LintStage, context: RuleContext) => void;
}

export interface BadCase {
  readonly text: string;
  /** Lines that must be reported by this rule, in order; each once or as often as given. */
  readonly lines: readonly number[];
  /** The whole text after the fix, when the rule has one. */
  readonly fixed?: string;
  /** The file was UTF-16 before it was read. */
  readonly utf16?: boolean;
  readonly options?: Partial<RuleOptions>;
}

export interface GoodCase {
  readonly text: string;
  readonly options?: Partial<RuleOptions>;
}

export interface RuleDefinition extends RuleChecks {
  /** Stable: `PW001` (Windows), `DL3000` (hadolint's code), `BK001` (a BuildKit check). */
  readonly id: string;
  /** Kebab case: `missing-escape-directive`; a BuildKit check's is its slug. */
  readonly name: string;
  /** Other names a user may write in ignores: BuildKit's `WorkdirRelativePath`, hadolint's code. */
  readonly aliases?: readonly string[];
  /** Aliases that stand for some of the rule's findings alone (`Report.alias`): settings and comments that name one mean those. */
  readonly parts?: readonly string[];
  readonly severity: Severity;
  readonly platform: RulePlatform;
  /** `stage` has nothing to say of a stage that has none of these; undefined = it always looks. */
  readonly instructions?: readonly StageInstruction['kind'][];
  /** True when RUN rules look into `ONBUILD RUN` as well. */
  readonly onbuild?: boolean;
  /** Off unless asked for by `--rule` or configuration (BuildKit's experimental checks). */
  readonly optIn?: boolean;
  /**
   * Rules that say the same thing better: this one is silent in the default output where one of them reports the same line, and who
   * ignores one of them there, by comment or setting, hears none.
   */
  readonly coveredBy?: readonly string[];
  /** BuildKit's short description and page. */
  readonly description?: string;
  readonly url?: string;
  readonly docs: {
    /** One line. */
    readonly summary: string;
    /** One paragraph: what goes wrong. */
    readonly why: string;
    /** What differs on Windows: drive letters, backslash and backtick, cmd and PowerShell. */
    readonly windows?: string;
    readonly see?: readonly string[];
  };
  readonly cases: { readonly good: readonly (string | GoodCase)[]; readonly bad: readonly BadCase[] };
}

export function defineRule<const R extends RuleDefinition>(rule: R): R & RuleDefinition {
  return rule;
}
