import { expect } from 'chai';
import { alignTabs } from '../../src/text/tabwriter.ts';
import { fieldsUsed, formatRows } from '../../src/text/table.ts';
import type { RowDefinition } from '../../src/text/table.ts';
import { TemplateError } from '../../src/text/template.ts';
import { displayWidth, ellipsis } from '../../src/text/width.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly platform: object | null;
}
const definition: RowDefinition<Row> = {
  type: 'formatter.ContainerContext',
  fields: {
    ID: { header: 'CONTAINER ID', value: (row) => row.id },
    Names: { header: 'NAMES', value: (row) => row.name },
    Platform: { header: 'PLATFORM', value: (row) => row.platform },
  },
  label: (row, name) => `${row.id}/${name}`,
};
const rows: Row[] = [
  { id: '4e50', name: 'web', platform: null },
  { id: 'b1c2d3e4f5a6b7', name: '<db> & "x"', platform: { os: 'windows' } },
];

describe('text/tabwriter', () => {
  const cases: [string, string][] = [
    ['a\tb\nccccccccccc\td\n', 'a             b\nccccccccccc   d\n'],
    ['a\tb', 'a         b'],
    ['a\t\n', 'a         \n'],
    ['a\tb\tc\nx\ny\tz\n', 'a         b         c\nx\ny         z\n'],
    ['aaaaaaaaaaaa\tb\nc\nd\te\n', 'aaaaaaaaaaaa   b\nc\nd         e\n'],
    ['日本\tx\na\ty\n', '日本      x\na         y\n'],
    ['', ''],
  ];
  for (const [text, aligned] of cases) {
    it(JSON.stringify(text), () => expect(alignTabs(text)).to.equal(aligned));
  }
  it('takes another minimum width for top', () => {
    expect(alignTabs('PID\tx', { minWidth: 20, padding: 3 })).to.equal('PID                 x');
  });
});

describe('text/width', () => {
  it('counts wide characters as two columns', () => expect(displayWidth('aé日…')).to.equal(5));
  const cases: [string, number, string][] = [
    ['short', 20, 'short'],
    ['C:\\ServiceMonitor.exe w3svc', 20, 'C:\\ServiceMonitor.e…'],
    ['日本語日本語', 5, '日本…'],
    ['日本語', 6, '日本語'],
    ['abc', 1, 'a'],
    ['abc', 0, ''],
  ];
  for (const [text, limit, cut] of cases) {
    it(`cuts ${text} at ${limit}`, () => expect(ellipsis(text, limit)).to.equal(cut));
  }
});

describe('text/table', () => {
  it('prints a table with headers and an unpadded last column', () => {
    expect(formatRows(rows, definition, 'table {{.ID}}\\t{{.Names}}')).to.equal(
      'CONTAINER ID     NAMES\n4e50             web\nb1c2d3e4f5a6b7   <db> & "x"\n',
    );
  });
  it('prints the headers of an empty list', () => {
    expect(formatRows([], definition, 'table {{.ID}}\t{{.Names}}')).to.equal('CONTAINER ID   NAMES\n');
  });
  it('leaves header texts alone in functions but pads, and names labels', () => {
    expect(
      formatRows(
        rows.slice(0, 1),
        definition,
        'table {{upper .Names}}\t{{pad .ID 1 0}}\t{{.Label "com.x.my-label_y"}}',
      ),
    ).to.equal('NAMES      CONTAINER ID   my label y\nWEB        4e50           4e50/com.x.my-label_y\n');
  });
  const json =
    '{"ID":"4e50","Names":"web","Platform":null}\n' +
    '{"ID":"b1c2d3e4f5a6b7","Names":"\\u003cdb\\u003e \\u0026 \\"x\\"","Platform":{"os":"windows"}}\n';
  it('prints JSON lines, keys sorted, HTML escaped', () => {
    expect(formatRows(rows, definition, 'json')).to.equal(json);
    expect(formatRows(rows, definition, '{{json .}}')).to.equal(json);
  });
  it('does not escape what the json function prints of a field', () => {
    expect(formatRows(rows.slice(1), definition, '{{json .Names}}')).to.equal('"<db> & \\"x\\""\n');
  });
  it('turns typed \\t and \\n into what they mean', () => {
    expect(formatRows(rows.slice(0, 1), definition, '{{.ID}}\\t{{.Names}}\\n-')).to.equal('4e50\tweb\n-\n');
  });
  it('names the type of a field that is not there', () => {
    expect(() => formatRows(rows, definition, '{{.Nope}}')).to.throw(
      TemplateError,
      'template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.ContainerContext',
    );
  });
  it('tells which fields a format reads', () => {
    expect([...fieldsUsed('table {{.Names}}', definition, rows[0]!)]).to.deep.equal(['Names']);
    expect([...fieldsUsed('{{json .}}', definition, rows[0]!)]).to.deep.equal(['ID', 'Names', 'Platform']);
    expect(() => fieldsUsed('{{.ID', definition, rows[0]!)).to.throw(
      TemplateError,
      'template: :1: unclosed action',
    );
  });
});
