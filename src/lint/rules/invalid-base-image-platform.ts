import { expandLenient } from '../build-model.ts';
import { isWindowsImage } from '../base-image.ts';
import { defineRule } from '../rule.ts';
import { own } from '../../text/own.ts';

export default defineRule({
  id: 'BK014',
  name: 'invalid-base-image-platform',
  aliases: ['InvalidBaseImagePlatform'],
  severity: 'warning',
  platform: 'any',
  description: 'Base image platform does not match expected target platform',
  docs: {
    summary: 'The base image is for another platform than FROM asks for',
    why: 'A single-platform image is taken whatever --platform says, and its programs then do not start. Told from names of images that exist for Windows only: other images would have to be asked of their registry.',
  },
  cases: {
    good: [
      'FROM --platform=windows/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
      'FROM --platform=linux/amd64 alpine:3.20\n',
      { text: 'FROM --platform=linux/amd64 a:1\n', options: { basePlatforms: { 'a:1': 'linux/amd64' } } },
      'FROM --platform=windows(10.0.20348)/x86_64 mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
        options: { targetPlatform: 'windows/amd64' },
      },
    ],
    bad: [
      { text: 'FROM --platform=linux/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022\n', lines: [1] },
      {
        text: 'FROM --platform=linux/arm64 a:1\n',
        lines: [1],
        options: { basePlatforms: { 'a:1': 'linux/amd64' } },
      },
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
        lines: [1],
        options: { targetPlatform: 'linux/amd64' },
      },
    ],
  },
  stage({ base, from }, { file, options, report }) {
    if (base.stage !== undefined || base.unresolved) return;
    const { escape } = file.dockerfile.tree;
    const wanted =
      from.platform === undefined
        ? { text: options.targetPlatform, unresolved: false }
        : expandLenient(from.platform.text, escape, () => undefined);
    const [os = '', architecture] = partsOf(wanted.text);
    if (wanted.unresolved || os === '') return;
    const windowsOnly = isWindowsImage(base) ? `windows/${architecture ?? 'amd64'}` : undefined;
    const pulled = own(options.basePlatforms, base.text) ?? windowsOnly;
    if (pulled === undefined) return;
    const [pulledOs, pulledArchitecture] = partsOf(pulled);
    if (pulledOs === os && (architecture === undefined || pulledArchitecture === architecture)) return;
    report({
      message: `Base image ${base.text} was pulled with platform "${pulled}", expected "${wanted.text}" for current build`,
      range: from.node.range,
      line: from.node.lines[0],
    });
  },
});

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
};

/** Of `windows(10.0.20348)/amd64`: `windows` and `amd64`. */
function partsOf(platform: string): string[] {
  const [os = '', architecture, ...rest] = platform.toLowerCase().split('/');
  const known = architecture === undefined ? [] : [own(architectures, architecture) ?? architecture];
  return [os.replace(/\(.*\)$/, ''), ...known, ...rest];
}
