import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectPrinter } from '../../src/cli/inspect-format.ts';
import { parseTemplate, rawValue, TemplateError } from '../../src/text/template.ts';
import { parseJsonExactly } from '../../src/text/template/decode.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';

interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `docker container inspect -f format` on one document. */
function inspect(format: string, document: unknown): Outcome {
  const failed = (error: unknown): Omit<Outcome, 'stdout'> => {
    if (!(error instanceof PortholeError)) throw error;
    return { exit: error.exitCode ?? 1, stderr: error.message + '\n' };
  };
  try {
    const printer = inspectPrinter(format);
    try {
      printer.add('container', document);
    } catch (error) {
      return { ...failed(error), stdout: printer.output() };
    }
    return { exit: 0, stdout: printer.output(), stderr: '' };
  } catch (error) {
    return { ...failed(error), stdout: '' };
  }
}

describe('text/template on a container document', () => {
  const fixture = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../fixtures/text/inspect-templates.json'), 'utf8'),
  ) as { document: string; cases: [string, number, string, string][] };
  const document = parseJsonExactly(fixture.document);
  for (const [template, exit, stdout, stderr] of fixture.cases) {
    it(JSON.stringify(template), () => {
      expect(inspect(template, document)).to.deep.equal({ exit, stdout, stderr });
    });
  }
});

describe('text/template: the released client, recorded', () => {
  const file = join(import.meta.dirname, '../../../shared/conformance/docker-cli/recorded/template.json');
  if (!existsSync(file)) {
    it.skip('conformance data is not beside the checkout');
    return;
  }
  interface Recorded {
    readonly name: string;
    readonly args: string[];
    readonly server: { readonly routes: { readonly path: string; readonly json: unknown }[] };
    readonly expect: {
      readonly exit: { readonly source: string };
      readonly stdout: string;
      readonly stderr: string;
    };
  }
  for (const recorded of parseJsonExactly(readFileSync(file, 'utf8')) as Recorded[]) {
    it(recorded.name, () => {
      const route = recorded.server.routes.find(({ path }) => path === '/containers/web/json');
      const format = recorded.args[recorded.args.indexOf('-f') + 1]!;
      const { exit, stdout, stderr } = recorded.expect;
      expect(inspect(format, route!.json)).to.deep.equal({ exit: Number(exit.source), stdout, stderr });
    });
  }
});

describe('text/template positions', () => {
  const message = (template: string): string => {
    try {
      parseTemplate(template).execute(rawValue({}), { missingKeyFails: true });
    } catch (error) {
      if (error instanceof TemplateError) return `${error.phase}: ${error.message}`;
      throw error;
    }
    return 'accepted';
  };
  const cases: [string, string][] = [
    ['a\nb {{.Nope}}', 'execute: template: :2:4: executing "" at <.Nope>: map has no entry for key "Nope"'],
    ['é{{.Nope}}', 'execute: template: :1:4: executing "" at <.Nope>: map has no entry for key "Nope"'],
    ['a\n\n{{if}}', 'parse: template: :3: missing value for if'],
    ['{{.A\n.B', 'parse: template: :2: unclosed action started at :1'],
    ['{{"a\n"}}', 'parse: template: :1: unterminated quoted string'],
  ];
  for (const [template, expected] of cases) {
    it(JSON.stringify(template), () => expect(message(template)).to.equal(expected));
  }
});
