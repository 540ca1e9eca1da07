import { expect } from 'chai';
import { rules } from '../../../src/lint/rules/index.ts';
import { readHadolintEnvironment } from '../../../src/lint/settings/hadolint-environment.ts';
import { joinHadolintValues, settingsOfHadolint } from '../../../src/lint/settings/hadolint-values.ts';

describe('HADOLINT_* variables', () => {
  it('are nothing when none is set', () => {
    expect(readHadolintEnvironment({ PATH: '/bin', HADOLINT_NEWER: '1' })).to.equal(undefined);
  });

  it('say what the file says', () => {
    const { values, notices } = readHadolintEnvironment({
      HADOLINT_NOFAIL: 'Yes',
      HADOLINT_FORMAT: 'sarif,json',
      HADOLINT_FAILURE_THRESHOLD: 'none',
      HADOLINT_OVERRIDE_ERROR: 'PW001',
      HADOLINT_OVERRIDE_WARNING: 'PW002,PW001',
      HADOLINT_OVERRIDE_INFO: 'PW003',
      HADOLINT_OVERRIDE_STYLE: 'PW004,',
      HADOLINT_IGNORE: 'PW005, SC2086',
      HADOLINT_STRICT_LABELS: 'on',
      HADOLINT_DISABLE_IGNORE_PRAGMA: '1',
      HADOLINT_TRUSTED_REGISTRIES: 'docker.io,*.gcr.io',
      HADOLINT_REQUIRE_LABELS: 'author,contact:email',
    })!;
    const settings = settingsOfHadolint(values, rules);

    expect(notices).to.deep.equal([]);
    expect(Object.fromEntries(settings.severities!)).to.deep.equal({
      PW001: 'error',
      PW002: 'warning',
      PW003: 'info',
      PW004: 'style',
      PW005: 'off',
    });
    expect(settings).to.deep.include({
      noFail: true,
      format: 'sarif',
      threshold: 'off',
      strictLabels: true,
      disableIgnorePragma: true,
      trustedRegistries: ['docker.io', '*.gcr.io'],
      labelSchema: { author: 'text', contact: 'email' },
    });
  });

  it('that mean no are no', () => {
    const { values } = readHadolintEnvironment({ HADOLINT_NOFAIL: '0', HADOLINT_STRICT_LABELS: 'nope' })!;

    expect(values).to.include({ 'no-fail': false, 'strict-labels': false });
  });

  it('are passed over by name when they cannot be used', () => {
    const { values, notices } = readHadolintEnvironment({
      HADOLINT_FORMAT: 'junk,json',
      HADOLINT_FAILURE_THRESHOLD: 'loud',
      HADOLINT_REQUIRE_LABELS: 'a:b,c:url',
    })!;

    expect(values).to.deep.include({ formats: ['json'], 'label-schema': { c: 'url' } });
    expect(values).not.to.have.property('failure-threshold');
    expect(notices).to.deep.equal([
      'HADOLINT_REQUIRE_LABELS: "b" is not one of text, rawtext, url, semver, hash, rfc3339, spdx, email: ignored',
      'HADOLINT_FAILURE_THRESHOLD: "loud" is not one of error, warning, info, style, ignore, none: ignored',
      'HADOLINT_FORMAT: "junk" is not one of tty, json, checkstyle, codeclimate, gitlab_codeclimate, gnu, codacy, sonarqube, sarif, junit: ignored',
    ]);
  });

  it('stand below the file, and lists of both are joined before a level is decided', () => {
    const environment = readHadolintEnvironment({
      HADOLINT_IGNORE: 'PW001',
      HADOLINT_NOFAIL: '1',
      HADOLINT_FORMAT: 'json',
    })!;
    const joined = joinHadolintValues(environment.values, {
      override: { error: ['PW001', 'PW002'] },
      'no-fail': false,
      formats: ['gnu'],
    });
    const { severities, ...settings } = settingsOfHadolint(joined, rules);

    expect([...severities!]).to.deep.equal([
      ['PW001', 'off'],
      ['PW002', 'error'],
    ]);
    expect(settings).to.include({ noFail: false, format: 'gnu' });
  });
});
