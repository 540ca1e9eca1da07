import { escapeXml } from './xml.ts';
import type { Format } from './report.ts';

/** JUnit XML: one suite a file, one failed case a finding, one passed case for a clean file. */
export const formatJunit: Format = (reports) => {
  const suites = reports.map(({ file, findings }) => {
    const cases = findings.map(
      ({ code, name, message, line, column, level }) =>
        `<testcase name="${escapeXml(`${code} ${name}`)}" classname="${escapeXml(file)}" time="0">` +
        `<failure type="${level}" message="${escapeXml(message)}">${escapeXml(`${file}:${line}:${column} ${message}`)}</failure></testcase>`,
    );
    const clean = `<testcase name="lint" classname="${escapeXml(file)}" time="0"/>`;
    return (
      `<testsuite name="${escapeXml(file)}" tests="${Math.max(cases.length, 1)}" failures="${cases.length}" errors="0" time="0">` +
      `${cases.length === 0 ? clean : cases.join('')}</testsuite>`
    );
  });
  const failures = reports.reduce((sum, { findings }) => sum + findings.length, 0);
  const tests = reports.reduce((sum, { findings }) => sum + Math.max(findings.length, 1), 0);
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuites name="porthole lint" tests="${tests}" failures="${failures}" errors="0" time="0">${suites.join('')}</testsuites>\n`
  );
};
