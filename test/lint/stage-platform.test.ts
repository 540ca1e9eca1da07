import { expect } from 'chai';
import { SourceText } from '../../src/dockerfile/source.ts';
import { buildModel } from '../../src/lint/build-model.ts';

const platforms = (text: string): string[] =>
  buildModel(new SourceText(text), { name: 'Dockerfile' }).stages.map(({ platform }) => platform);

describe('the platform of a stage', () => {
  for (const [text, wanted] of [
    ['FROM golang\nRUN a\n', ['linux']],
    ['# escape=`\nFROM golang\nRUN a\n', ['windows']],
    ['# escape=`\nFROM golang:1.23-alpine3.20\nRUN a\n', ['linux']],
    ['# escape=`\nFROM --platform=linux/amd64 golang\nRUN a\n', ['linux']],
    ['FROM golang\nSHELL ["powershell", "-Command"]\nRUN a\n', ['windows']],
    ['FROM golang\nSHELL ["C:\\\\Windows\\\\System32\\\\cmd.exe", "/c"]\nRUN a\n', ['windows']],
    ['FROM mcr.microsoft.com/powershell\nSHELL ["pwsh", "-Command"]\nRUN a\n', ['linux']],
    ['FROM golang AS a\nSHELL ["powershell"]\nFROM a\nFROM scratch\n', ['windows', 'windows', 'windows']],
  ] as const) {
    it(JSON.stringify(text), () => expect(platforms(text)).to.deep.equal(wanted));
  }
});
