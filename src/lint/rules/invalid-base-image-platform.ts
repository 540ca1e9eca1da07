import { expandLenient } from '../build-model.ts';
import { isWindowsImage } from '../base-image.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'BK014',
  name: 'invalid-base-image-platform',
  aliases: ['InvalidBaseImagePlatform'],
  severity: 'warning',
  platform: 'any',
  description: 'Base image platform does not match expected target platform',
  docs: {
    summary: 'The base image is for another platform than FROM asks for',
    why: 'A single-platform image is taken whatever --platform says, and its programs then do not start. Told from images that were pulled, and from names of images that exist for Windows only.',
  },
  cases: {
    good: [
      'FROM --platform=windows/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022\n',
      'FROM --platform=linux/amd64 alpine:3.20\n',
      { text: 'FROM --platform=linux/amd64 a:1\n', options: { basePlatforms: { 'a:1': 'linux/amd64' } } },
    ],
    bad: [
      { text: 'FROM --platform=linux/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022\n', lines: [1] },
      {
        text: 'FROM --platform=linux/arm64 a:1\n',
        lines: [1],
        options: { basePlatforms: { 'a:1': 'linux/amd64' } },
      },
    ],
  },
  stage({ base, from }, { file, options, report }) {
    if (from.platform === undefined || base.stage !== undefined || base.unresolved) return;
    const wanted = expandLenient(from.platform.text, file.dockerfile.tree.escape, () => undefined);
    const [os = '', architecture] = wanted.text.toLowerCase().split('/');
    if (wanted.unresolved || os === '') return;
    const windowsOnly = isWindowsImage(base) ? `windows/${architecture ?? 'amd64'}` : undefined;
    const pulled = options.basePlatforms[base.text] ?? windowsOnly;
    if (pulled === undefined) return;
    const [pulledOs, pulledArchitecture] = pulled.split('/');
    if (pulledOs === os && (architecture === undefined || pulledArchitecture === architecture)) return;
    report({
      message: `Base image ${base.text} was pulled with platform "${pulled}", expected "${wanted.text}" for current build`,
      range: from.node.range,
      line: from.node.lines[0],
    });
  },
});
