import { expect } from 'chai';
import { rules } from '../../../src/lint/rules/index.ts';
import { settingsOfHadolint } from '../../../src/lint/settings/hadolint-values.ts';
import { readHadolintConfig } from '../../../src/lint/settings/hadolint-config.ts';

const read = (text: string) => {
  const { values, notices } = readHadolintConfig(text, '.hadolint.yaml');
  return { settings: settingsOfHadolint(values, rules), notices };
};

describe('.hadolint.yaml', () => {
  it('gives every key of hadolint its meaning', () => {
    const { settings, notices } = read(
      [
        'failure-threshold: none',
        'format: json',
        'ignored: [WorkdirRelativePath, SC2086, DL9999]',
        'override:',
        '  error: [PW001]',
        '  warning: [PW002, PW001]',
        '  info: [PW003]',
        '  style: [PW004, SC1000]',
        'trustedRegistries: [docker.io, "*.gcr.io"]',
        'label-schema: {author: text, contact: email}',
        'strict-labels: true',
        'no-color: true',
        'no-fail: true',
        'disable-ignore-pragma: true',
      ].join('\n'),
    );

    expect(notices).to.deep.equal([]);
    expect(Object.fromEntries(settings.severities!)).to.deep.equal({
      PW004: 'style',
      PW003: 'info',
      PW002: 'warning',
      PW001: 'error',
      ...Object.fromEntries(
        rules
          .filter(({ aliases = [] }) => aliases.includes('WorkdirRelativePath'))
          .map(({ id }) => [id, 'off']),
      ),
    });
    expect(settings).to.deep.include({
      threshold: 'off',
      format: 'hadolint-json',
      trustedRegistries: ['docker.io', '*.gcr.io'],
      labelSchema: { author: 'text', contact: 'email' },
      strictLabels: true,
      noColor: true,
      noFail: true,
      disableIgnorePragma: true,
    });
  });

  it('takes one registry without a list', () => {
    expect(read('trustedRegistries: docker.io\n').settings.trustedRegistries).to.deep.equal(['docker.io']);
  });

  it('names what is not hadolint’s and goes on', () => {
    const { settings, notices } = read('strict-labels: true\nverbose: true\n');

    expect(settings.strictLabels).to.equal(true);
    expect(notices).to.deep.equal(['.hadolint.yaml:2:1: "verbose" is not a setting: ignored']);
  });

  it('prints the first of several formats', () => {
    expect(read('formats: [sarif, json]\nformat: tty\n').settings.format).to.equal('sarif');
  });

  const wrong: readonly (readonly [text: string, message: string])[] = [
    [
      'failure-threshold: high\n',
      '1:20: failure-threshold is "high": expected error, warning, info, style, ignore or none',
    ],
    [
      'override:\n  fatal: [DL3000]\n',
      '2:3: override has no "fatal": expected one of error, warning, info, style',
    ],
    [
      'formats: [xml]\n',
      '1:11: formats: "xml" is no format: expected one of tty, json, checkstyle, codeclimate, gitlab_codeclimate, gnu, codacy, sonarqube, sarif, junit',
    ],
    ['override: [DL3000]\n', '1:11: override is a list: expected a table'],
    ['ignored: DL3000\n', '1:10: ignored is "DL3000": expected a list of rule codes'],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => read(text)).to.throw(`.hadolint.yaml:${message}`);
    });
  }
});
