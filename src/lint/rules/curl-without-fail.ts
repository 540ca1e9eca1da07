import { defineRule } from '../rule.ts';
import { rangeOf, runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW061',
  name: 'curl-without-fail',
  severity: 'info',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'curl takes an error page for the file unless it has --fail',
    why: 'Without -f a 404 is a download like another: the step goes on with a page of HTML, and the installer or the archive is reported broken some steps later.',
    see: ['https://curl.se/docs/manpage.html#-f'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN curl.exe -fsSLo C:/a.zip https://example.com/a.zip && curl --fail-with-body -O https://example.com/b && curl https://example.com/ping\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN curl https://example.com/a.zip -OutFile a.zip\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN curl -SL --output a.exe https://example.com/a.exe\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN curl -f -SL --output a.exe https://example.com/a.exe\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      for (const { program, words } of script.commands) {
        if (program !== 'curl') continue;
        const [first, ...rest] = words;
        // In Windows PowerShell curl is Invoke-WebRequest.
        const isCurl = script.shell !== 'powershell' || /\.exe$/i.test(first!.value);
        if (!isCurl) continue;
        const args = rest.map(({ value }) => value);
        const saves = args.some((word) => /^(-[a-zA-Z]*[oO]\S*|--output|--remote-name(-all)?)$/.test(word));
        const fails = args.some((word) => /^(-[a-zA-Z]*f[a-zA-Z]*|--fail(-with-body|-early)?)$/.test(word));
        if (!saves || fails || args.some((word) => /^(-K|--config)$/.test(word))) continue;
        const { end } = rangeOf(script, first!);
        report({
          message: 'curl saves an error page as the file: add -f',
          range: rangeOf(script, first!),
          fix: { title: 'Add -f', edits: [{ range: { start: end, end }, text: ' -f' }] },
        });
      }
    }
  },
});
