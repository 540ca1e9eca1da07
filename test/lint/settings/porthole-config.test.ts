import { Ajv } from 'ajv';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { rules } from '../../../src/lint/rules/index.ts';
import { configSchema } from '../../../src/lint/settings/config-schema.ts';
import { readPortholeConfig } from '../../../src/lint/settings/porthole-config.ts';

const read = (text: string) => readPortholeConfig(text, '.porthole-lint.yaml', rules);

const good: readonly string[] = [
  '',
  '# nothing\n',
  'rules:\n  PW001: error\n  json-args-recommended: off\n  WorkdirRelativePath: on\n',
  'ignore: [PW001, SC2086]\nonly:\n  - PW002\n',
  'format: sarif\nfailure-threshold: off\nno-fail: true\nno-color: false\nstrict: true\n',
  'trusted-registries: mcr.microsoft.com\n',
  'trusted-registries:\n  - mcr.microsoft.com\n  - "*.azurecr.io"\nstrict-labels: true\n',
  'label-schema:\n  maintainer: email\n  org.opencontainers.image.version: semver\n',
  'target-os: windows\nescape: "`"\nas-of: 2026-01-31\n',
  "escape: '\\'\n",
  'build-args:\n  VERSION: 1.10\n  DEBUG: true\n  NAME: x y\n',
  'disable-ignore-pragma: true\n',
  '{"format": "json", "ignore": ["PW001"]}',
];

/** Text, and what is said about it. The schema has no rule names, so it takes what only `check` refuses. */
const bad: readonly (readonly [text: string, messages: readonly string[], schemaTakesIt?: boolean])[] = [
  ['- a\n', ['1:1: expected settings as "name: value"']],
  ['just text\n', ['1:1: expected settings as "name: value"']],
  [
    'formt: json\n',
    [
      '1:1: "formt" is not a setting: expected one of rules, ignore, only, format, failure-threshold, no-fail, ' +
        'no-color, strict, trusted-registries, label-schema, strict-labels, target-os, escape, as-of, build-args, ' +
        'disable-ignore-pragma',
    ],
  ],
  [
    'rules:\n  PW001: loud\n  PW002: error\n',
    ['2:10: rules.PW001 is "loud": expected error, warning, info, style, off or on'],
  ],
  ['rules: PW001\n', ['1:8: rules is "PW001": expected a table of rules and their levels']],
  ['rules:\n', ['1:7: rules is empty: expected a table of rules and their levels']],
  ['rules:\n  PW9999: error\n', ['2:3: rules: unknown rule "PW9999": --list-rules shows all of them'], true],
  [
    'ignore:\n  - PW001\n  - nope\n',
    ['3:5: ignore: unknown rule "nope": --list-rules shows all of them'],
    true,
  ],
  ['ignore: PW001\n', ['1:9: ignore is "PW001": expected a list of rule names']],
  ['ignore: [[PW001]]\n', ['1:10: ignore is a list: expected rule names']],
  ['strict: yes\n', ['1:9: strict is "yes": expected true or false']],
  ['target-os: mac\n', ['1:12: target-os is "mac": expected windows or linux']],
  ['as-of: 2026-02-30\n', ['1:8: as-of: invalid date "2026-02-30": write it as 2026-01-31'], true],
  ['as-of: yesterday\n', ['1:8: as-of: invalid date "yesterday": write it as 2026-01-31']],
  ['build-args:\n  A: [1]\n', ['2:6: build-args.A is a list: expected a value']],
  [
    'label-schema:\n  a: ipv6\n',
    ['2:6: label-schema.a is "ipv6": expected text, rawtext, url, semver, hash, rfc3339, spdx or email'],
  ],
  [
    'strict: 1\nno-fail: 2\n',
    ['1:9: strict is "1": expected true or false', '2:10: no-fail is "2": expected true or false'],
  ],
];

describe('.porthole-lint.yaml', () => {
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../schema/porthole-lint.schema.json'), 'utf8'),
  ) as object;
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);

  it('has a schema that is up to date (npm run docs)', () => {
    expect(schema).to.deep.equal(JSON.parse(JSON.stringify(configSchema())));
  });

  for (const text of good) {
    it(`takes ${JSON.stringify(text)}`, () => {
      expect(() => read(text)).not.to.throw();
      expect(validate(parse(text)), JSON.stringify(validate.errors)).to.equal(true);
    });
  }

  for (const [text, messages, schemaTakesIt] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => read(text)).to.throw(
        messages.map((message) => `.porthole-lint.yaml:${message}`).join('\n'),
      );
      expect(validate(parse(text))).to.equal(schemaTakesIt ?? false);
    });
  }

  it('tells where YAML is broken', () => {
    expect(() => read('a: b\nrules: {\n')).to.throw(/^\.porthole-lint\.yaml:\d:\d+: /);
  });

  it('refuses a key that comes twice', () => {
    expect(() => read('strict: true\nstrict: false\n')).to.throw(
      '.porthole-lint.yaml:2:1: Map keys must be unique',
    );
  });

  it('does not take the properties of objects for settings', () => {
    expect(() => read('constructor: 1\n')).to.throw('"constructor" is not a setting');
  });

  it('reads what it says', () => {
    const settings = read(
      'rules: {PW001: style, BK007: on, PW002: off}\nignore: [pw003]\nas-of: 2026-01-31\nbuild-args: {A: 1.10}\n',
    );

    expect([...settings.severities!]).to.deep.equal([
      ['PW001', 'style'],
      ['PW002', 'off'],
      ['PW003', 'off'],
    ]);
    expect([...settings.enabled!]).to.deep.equal(['PW001', 'BK007', 'PW002']);
    expect(settings.asOf).to.equal(Date.UTC(2026, 0, 31));
    expect(settings.buildArgs).to.deep.equal({ A: '1.10' });
    expect(settings.only).to.equal(undefined);
  });
});
