/**
 * Output of the inspect commands (docker-cli.md 2.7, 3.1): documents as an indented array, one compact array, or a template
 * that sees Docker's Go types first and the raw JSON when that fails.
 */
import { parseTemplate, rawValue, TemplateError, typedValue } from '../text/template.ts';
import type { Template } from '../text/template.ts';
import { encodeJson, indentJson } from '../text/template/json.ts';
import { CliError } from './cli-error.ts';
import { containerTypes } from './go-types/container.ts';
import { objectTypes } from './go-types/objects.ts';

export type InspectKind = 'container' | 'image' | 'network' | 'volume';

/** Collects documents one by one; `output` is what goes to stdout at the end, whatever failed. */
export interface InspectPrinter {
  /** Throws CliError with the template's error; the other documents still count. */
  add(kind: InspectKind, document: unknown): void;
  output(): string;
}

function typeOf(kind: InspectKind) {
  if (kind === 'container') return containerTypes()['container.InspectResponse']!;
  const names = {
    image: 'image.InspectResponse',
    network: 'network.Inspect',
    volume: 'volume.Volume',
  } as const;
  return objectTypes()[names[kind]]!;
}

class TemplatePrinter implements InspectPrinter {
  readonly #template: Template;
  #out = '';
  /** Go's template keeps the option once the raw pass has set it. */
  #missingKeyFails = false;

  constructor(template: Template) {
    this.#template = template;
  }

  add(kind: InspectKind, document: unknown): void {
    this.#out += this.#run(kind, document) + '\n';
  }

  #run(kind: InspectKind, document: unknown): string {
    const type = { kind: 'ptr', elem: typeOf(kind) } as const;
    try {
      return this.#template.execute(typedValue(document, type), { missingKeyFails: this.#missingKeyFails });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
    }
    this.#missingKeyFails = true;
    try {
      return this.#template.execute(rawValue(document), { missingKeyFails: true });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new CliError(`template parsing error: ${error.message}`, { code: 'TEMPLATE', cause: error });
    }
  }

  output(): string {
    return this.#out === '' ? '\n' : this.#out;
  }
}

class ArrayPrinter implements InspectPrinter {
  readonly #documents: string[] = [];
  readonly #indent: string;

  constructor(indent: string) {
    this.#indent = indent;
  }

  add(_kind: InspectKind, document: unknown): void {
    this.#documents.push(encodeJson(document));
  }

  output(): string {
    const array = `[${this.#documents.join(',')}]`;
    return (this.#indent === '' ? array : indentJson(array, this.#indent)) + '\n';
  }
}

/** `format`: '' = indented array, `json` = one line, else a template. A template that does not parse is exit code 64. */
export function inspectPrinter(format: string): InspectPrinter {
  if (format === '') return new ArrayPrinter('    ');
  if (format === 'json') return new ArrayPrinter('');
  try {
    return new TemplatePrinter(parseTemplate(format));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${error.message}`, {
      code: 'TEMPLATE',
      exitCode: 64,
      cause: error,
    });
  }
}
