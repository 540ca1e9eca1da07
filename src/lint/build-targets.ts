/** `build --call=targets`: BuildKit's list of the stages that can be asked for (its subrequest `frontend.targets`). */
import { encodeSource, type SourceText } from '../dockerfile/source.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';
import { alignTabs } from '../text/tabwriter.ts';
import type { LintFile } from './model.ts';

export interface SourceLocation {
  readonly ranges: readonly {
    readonly start: { readonly line: number };
    readonly end: { readonly line: number };
  }[];
}

export interface BuildTarget {
  readonly name?: string;
  /** The one that is built when none is asked for. */
  readonly default?: true;
  readonly description?: string;
  /** As written, before expansion. */
  readonly base: string;
  readonly platform?: string;
  readonly location: SourceLocation;
}

export interface TargetList {
  readonly targets: readonly BuildTarget[];
  /** The Dockerfile in base64. */
  readonly sources: readonly string[];
}

export function listTargets(file: LintFile): TargetList {
  const last = file.stages.length - 1;
  return {
    targets: file.stages.map(({ name, from, index }) => {
      const description = docComment(from.node, name);
      return {
        ...(name === '' ? {} : { name }),
        ...(index === last ? { default: true } : {}),
        ...(description === '' ? {} : { description }),
        base: from.image.text,
        ...(from.platform === undefined ? {} : { platform: from.platform.text }),
        location: locationOf(from.node),
      };
    }),
    sources: [encodedSource(file)],
  };
}

export function targetsText({ targets }: TargetList): string {
  const rows = targets.map(({ name = '', default: isDefault = false, description = '' }) => {
    const shown = isDefault ? `${name} (default)`.trimStart() : name;
    return `${shown}\t${description}\n`;
  });
  return alignTabs(`TARGET\tDESCRIPTION\n${rows.join('')}`, { minWidth: 0, padding: 1 });
}

/** What the comments above an instruction say of `name`: the first line that begins with it; '' for none. */
export function docComment({ comments }: InstructionNode, name: string): string {
  if (name === '') return '';
  const line = comments.find(({ text, directive }) => directive === undefined && text.startsWith(`${name} `));
  return line?.text.slice(name.length + 1) ?? '';
}

export function locationOf({ lines: [first, last] }: Pick<InstructionNode, 'lines'>): SourceLocation {
  return { ranges: [{ start: { line: first }, end: { line: last } }] };
}

export function encodedSource({ source }: { readonly source: SourceText }): string {
  return Buffer.from(encodeSource(source.text, source.encoding)).toString('base64');
}
