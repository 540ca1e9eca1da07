import { CliError } from './cli-error.ts';
import { formatRows } from '../text/table.ts';
import type { RowDefinition } from '../text/table.ts';
import { TemplateError } from '../text/template.ts';

/** Rows as text, with Docker's words for a template that does not work. */
export function listText<Row>(rows: Iterable<Row>, definition: RowDefinition<Row>, format: string): string {
  try {
    return formatRows(rows, definition, format);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${error.message}`, { code: 'TEMPLATE', cause: error });
  }
}
