/**
 * Docker's list output (docker-cli.md 2.1, 3): a table with headers, one JSON object a line, or a template a row. Rows are
 * any objects; a definition names their columns as templates see them.
 */
import { alignTabs } from './tabwriter.ts';
import { parseTemplate, plainParts } from './template.ts';
import type { Template } from './template.ts';
import { rawValue } from './template/decode.ts';
import { escapeHtml, jsonString, valueJson } from './template/json.ts';
import { bool, stringType, string } from './template/value.ts';
import type { GoMethod, MapType, PointerType, StructType, Value } from './template/value.ts';
import { compareBytes } from './template/value.ts';

/** Nearly every field is text; `Platform` is an object or null, a context's `Current` a boolean. */
export type FieldValue = string | boolean | object | null;

export interface RowField<Row> {
  readonly header: string;
  readonly value: (row: Row) => FieldValue;
}

export interface RowDefinition<Row> {
  /** Go's name of the view, which error texts show: `formatter.ContainerContext`. */
  readonly type: string;
  readonly fields: Readonly<Record<string, RowField<Row>>>;
  /** `.Label "name"`, for rows that have labels. */
  readonly label?: (row: Row, name: string) => string;
}

function fieldValue(value: FieldValue): Value {
  if (typeof value === 'string') return string(value);
  if (typeof value === 'boolean') return bool(value);
  return rawValue(value);
}

function rowType<Row>(definition: RowDefinition<Row>, seen?: (field: string) => void): PointerType {
  const methods: Record<string, GoMethod> = {};
  for (const [name, field] of Object.entries(definition.fields)) {
    methods[name] = {
      params: [],
      call: (view) => {
        seen?.(name);
        return fieldValue(field.value(view.data as Row));
      },
    };
  }
  const { label } = definition;
  if (label) {
    methods['Label'] = {
      params: [stringType],
      call: (view, [name]) => string(label(view.data as Row, name!.data as string)),
    };
  }
  const names = Object.keys(definition.fields).sort(compareBytes);
  const view: StructType = {
    kind: 'struct',
    name: definition.type,
    fields: [],
    methods,
    toJson: ({ data }) => {
      names.forEach((name) => seen?.(name));
      return rowJson(definition, names, data as Row);
    },
  };
  return { kind: 'ptr', elem: view };
}

/** Keys sorted; HTML-escaped, because the view's own marshaller escapes. */
function rowJson<Row>(definition: RowDefinition<Row>, names: readonly string[], row: Row): string {
  const parts = names.map((name) => {
    const value = definition.fields[name]!.value(row);
    return `${jsonString(name)}:${typeof value === 'string' ? jsonString(value, true) : escapeHtml(valueJson(fieldValue(value)))}`;
  });
  return `{${parts.join(',')}}`;
}

function rowValue(type: PointerType, row: unknown): Value {
  return { type, data: { type: type.elem, data: row } };
}

/** `com.x.my-label_y` as a header: its last segment with spaces. */
function labelHeader(name: string): string {
  return name.split('.').at(-1)!.replace(/[-_]/g, ' ');
}

const headerType: MapType = {
  kind: 'map',
  name: 'formatter.SubHeaderContext',
  key: stringType,
  elem: stringType,
  methods: {
    Label: { params: [stringType], call: (_header, [name]) => string(labelHeader(name!.data as string)) },
  },
};

function headerValue<Row>(definition: RowDefinition<Row>): Value {
  const entries = Object.entries(definition.fields).map(
    ([name, { header }]) => [name, string(header)] as const,
  );
  return { type: headerType, data: new Map(entries) };
}

/** The template a format stands for, with `\t` and `\n` as typed by users turned into what they mean. */
export function rowTemplateText(format: string): { text: string; table: boolean } {
  const table = format.startsWith('table');
  const text = (table ? format.slice('table'.length) : format)
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  return { text: text === 'json' ? '{{json .}}' : text, table };
}

interface Renderer<Row> {
  readonly row: (row: Row) => string;
  readonly header: () => string;
}

/** Rows and header of a template; one that is only text and text fields is put together without the template engine. */
function renderer<Row>(text: string, definition: RowDefinition<Row>): Renderer<Row> {
  const parts = plainParts(text)?.map((part) =>
    typeof part === 'string' ? part : definition.fields[part.field],
  );
  let engine: Renderer<Row> | undefined;
  const throughEngine = (): Renderer<Row> => (engine ??= templateRenderer(parseTemplate(text), definition));
  if (!parts || parts.includes(undefined)) return throughEngine();
  return {
    header: () => parts.map((part) => (typeof part === 'string' ? part : part!.header)).join(''),
    row: (row) => {
      let line = '';
      for (const part of parts) {
        const value = typeof part === 'string' ? part : part!.value(row);
        if (typeof value !== 'string') return throughEngine().row(row);
        line += value;
      }
      return line;
    },
  };
}

function templateRenderer<Row>(template: Template, definition: RowDefinition<Row>): Renderer<Row> {
  const type = rowType(definition);
  return {
    header: () => template.executeHeader(headerValue(definition)),
    row: (row) => template.execute(rowValue(type, row)),
  };
}

/**
 * Text of a list: `format` is `table TEMPLATE`, `json` or a template (commands put their default table and `raw` in). Throws
 * TemplateError; callers put `template parsing error: ` before its message.
 */
export function formatRows<Row>(rows: Iterable<Row>, definition: RowDefinition<Row>, format: string): string {
  const { text, table } = rowTemplateText(format);
  if (text === '{{json .}}' && !table) {
    const names = Object.keys(definition.fields).sort(compareBytes);
    let lines = '';
    for (const row of rows) lines += rowJson(definition, names, row) + '\n';
    return lines;
  }
  const { row: render, header } = renderer(text, definition);
  const lines: string[] = [];
  if (table) lines.push(header());
  for (const row of rows) lines.push(render(row));
  if (lines.length === 0) return '';
  const output = lines.join('\n') + '\n';
  return table ? alignTabs(output) : output;
}

/**
 * Fields that a format reads, found by running it on a sample row: `ps` asks the engine for sizes only when `.Size` is one.
 * Throws TemplateError of either phase.
 */
export function fieldsUsed<Row>(format: string, definition: RowDefinition<Row>, sample: Row): Set<string> {
  const used = new Set<string>();
  const type = rowType(definition, (name) => used.add(name));
  parseTemplate(rowTemplateText(format).text).execute(rowValue(type, sample));
  return used;
}
