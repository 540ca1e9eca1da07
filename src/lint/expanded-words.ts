import type { StageInstruction } from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';

/** The words that the builder expands (dockerfile.md 1.7), but for values of flags: `expandedFlags`. */
export function expandedWords(instruction: StageInstruction): readonly MappedText[] {
  switch (instruction.kind) {
    case 'copy':
    case 'add':
      return [...instruction.sources, instruction.destination];
    case 'env':
    case 'label':
      return instruction.pairs.flatMap(({ key, value }) => [key, value]);
    case 'workdir':
      return [instruction.path];
    case 'user':
      return [instruction.user];
    case 'expose':
      return instruction.ports;
    case 'volume':
      return instruction.volumes;
    case 'stopsignal':
      return [instruction.signal];
    case 'arg':
      return instruction.args.flatMap(({ value }) => (value === undefined ? [] : [value]));
    default:
      return [];
  }
}

/** Values of flags that it expands besides. A mount's are expanded one by one. */
export function expandedFlags(instruction: StageInstruction): readonly MappedText[] {
  switch (instruction.kind) {
    case 'copy':
      return [instruction.chown, instruction.chmod].filter((value) => value !== undefined);
    case 'add':
      return [instruction.chown, instruction.chmod, instruction.checksum].filter(
        (value) => value !== undefined,
      );
    case 'run':
      return instruction.mounts.map(({ text }) => text);
    default:
      return [];
  }
}
