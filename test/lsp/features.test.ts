/** What editors ask `porthole lsp` for, each by a real request; `|` marks the place. */
import { expect } from 'chai';
import type {
  CodeAction,
  CompletionItem,
  DocumentHighlight,
  DocumentSymbol,
  FoldingRange,
  Hover,
  Location,
  MarkupContent,
  Range,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver-protocol/node';
import { skipWithoutCli } from '../support/cli.ts';
import { LspClient } from '../support/lsp-client.ts';

const windows = 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\n';
const show = ({ start, end }: Range): string =>
  `${start.line}:${start.character}-${end.line}:${end.character}`;

describe('porthole lsp, features', function () {
  this.timeout(20_000);
  let client: LspClient;

  before(async function () {
    skipWithoutCli(this);
    client = new LspClient();
    await client.initialize({}, { porthole: { lint: { 'as-of': '2026-01-01' } } });
  });
  after(() => client?.dispose());

  describe('completion', () => {
    const complete = async (marked: string): Promise<string[]> => {
      const items = await client.at<CompletionItem[]>('textDocument/completion', marked);
      return items.map(({ label }) => label);
    };
    /** The line after taking the item. */
    const taken = async (marked: string, label: string): Promise<string> => {
      const items = await client.at<CompletionItem[]>('textDocument/completion', marked);
      const item = items.find((one) => one.label === label);
      if (item === undefined) throw new Error(`no ${label} in ${items.map((one) => one.label).join(', ')}`);
      const edit = item.textEdit as TextEdit;
      const line = marked.replace('|', '').split('\n')[edit.range.start.line]!;
      return line.slice(0, edit.range.start.character) + edit.newText + line.slice(edit.range.end.character);
    };

    for (const [title, marked, label, line] of [
      ['instructions', 'FROM scratch\nCO|\n', 'COPY', 'COPY '],
      ['instructions in the case of the file', 'from scratch\nco|\n', 'copy', 'copy '],
      ['instructions on an indented line', 'FROM scratch\n  W|', 'WORKDIR', '  WORKDIR '],
      ['FROM in an empty file', '|', 'FROM', 'FROM '],
      ['the trigger of ONBUILD', 'FROM scratch\nONBUILD c|', 'COPY', 'ONBUILD COPY '],
      ['flags', 'FROM scratch\nCOPY --f|', '--from', 'COPY --from='],
      ['flags without a value', 'FROM scratch\nCOPY -|', '--link', 'COPY --link '],
      ['values of flags', 'FROM --platform=win|', 'windows/amd64', 'FROM --platform=windows/amd64'],
      ['keys of mounts', 'FROM a\nRUN --mount=type=cache,ta|', 'target', 'RUN --mount=type=cache,target='],
      ['values of mounts', 'FROM a\nRUN --mount=type=|', 'cache', 'RUN --mount=type=cache'],
      [
        'stages in mounts',
        'FROM a AS one\nFROM b\nRUN --mount=type=bind,from=o|',
        'one',
        'RUN --mount=type=bind,from=one',
      ],
      ['stages in COPY --from', 'FROM a AS Build\nFROM b\nCOPY --from=|', 'Build', 'COPY --from=Build'],
      ['stages without a name by number', 'FROM a\nFROM b\nCOPY --from=|', '0', 'COPY --from=0'],
      ['stages in FROM', 'FROM a AS build\nFROM bu|', 'build', 'FROM build'],
      [
        'Windows base images',
        'FROM mcr|',
        'mcr.microsoft.com/windows/nanoserver:ltsc2022',
        'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022',
      ],
      ['AS', 'FROM a |', 'AS', 'FROM a AS '],
      ['variables', `${windows}ENV A=1\nWORKDIR C:/$|`, 'A', 'WORKDIR C:/$A'],
      ['variables in braces', `${windows}ARG ver=1\nWORKDIR C:/\${ve|`, 'ver', 'WORKDIR C:/${ver}'],
      ['variables behind a continuation', `${windows}ENV A=1\nCOPY x \\\n  $|`, 'A', '  $A'],
      ['arguments in FROM', 'ARG tag=1\nFROM a:$|', 'tag', 'FROM a:$tag'],
      ['arguments to ask for again', 'ARG tag=1\nFROM a\nARG t|', 'tag', 'ARG tag'],
      ['accounts', `${windows}USER |`, 'ContainerUser', 'USER ContainerUser'],
      ['shells', `${windows}SHELL |`, '["cmd", "/S", "/C"]', 'SHELL ["cmd", "/S", "/C"]'],
      ['parser directives', '# esc|\nFROM a\n', 'escape=', '# escape='],
      ['escape characters', '# escape=|\nFROM a\n', '`', '# escape=`'],
      ['rules to ignore', `${windows}# porthole ignore=PW0|\nRUN ver\n`, 'PW009', '# porthole ignore=PW009'],
      [
        'a second rule to ignore',
        'FROM a\n# porthole ignore=PW001, B|\nRUN a\n',
        'BK002',
        '# porthole ignore=PW001, BK002',
      ],
      ['checks to skip', '# check=skip=|\nFROM a\n', 'StageNameCasing', '# check=skip=StageNameCasing'],
    ] as const) {
      it(`offers ${title}`, async () => expect(await taken(marked, label)).to.equal(line));
    }

    it('offers nothing where nothing is known', async () => {
      for (const marked of [
        'FROM a\nRUN <<EOF\n|\nEOF\n',
        'FROM a\nRUN echo |\n',
        'FROM a AS |\n',
        'FROM a\n# a note |\n',
        `${windows}RUN echo $|\n`,
      ]) {
        expect(await complete(marked), marked).to.deep.equal([]);
      }
    });

    it('leaves out what is there already', async () => {
      expect(await complete('FROM a\nCOPY --link --|')).to.not.include('--link');
      expect(await complete('FROM a\nRUN --mount=type=bind --|')).to.include('--mount');
      expect(await complete('FROM a AS one\nCOPY --from=|')).to.not.include('one');
      expect(await complete('FROM a\n# esc|')).to.not.include('escape=');
      expect(await complete('FROM a\nONBUILD |')).to.not.include('ONBUILD');
    });

    it('offers no release that is out of support', async () => {
      const images = await complete('FROM |');

      expect(images).to.include('mcr.microsoft.com/windows/servercore:ltsc2025');
      expect(images.filter((name) => name.includes('ltsc2016'))).to.deep.equal([]);
    });

    it('gives variables of Windows stages whatever their case, once', async () => {
      expect(await complete(`${windows}ENV Path=1\nENV PATH=2\nWORKDIR $|`)).to.deep.equal(['PATH']);
    });
  });

  describe('hover', () => {
    const hover = async (marked: string): Promise<string> => {
      const found = await client.at<Hover | null>('textDocument/hover', marked);
      return found === null ? '' : (found.contents as MarkupContent).value;
    };

    for (const [title, marked, wanted] of [
      ['an instruction', 'FROM a\nWORK|DIR C:/x\n', 'WORKDIR PATH'],
      ['an inner instruction', 'FROM a\nONBUILD CO|PY a b\n', 'COPY [OPTIONS]'],
      ['a flag', 'FROM a\nCOPY --lin|k a b\n', '`COPY --link`'],
      ['a variable', 'FROM a\nENV dir=/x\nWORKDIR $d|ir\n', '`ENV dir=/x` (line 2)'],
      ['a variable that is not set', 'FROM a\nWORKDIR $n|o\n', 'not set by this file'],
      ["a variable in cmd's text", `${windows}ENV DIR=x\nRUN cd %d|ir%\n`, '`ENV DIR=x` (line 2)'],
      [
        "a variable in PowerShell's text",
        `${windows}SHELL ["powershell", "-Command"]\nENV DIR=x\nRUN cd $env:D|IR\n`,
        '`ENV DIR=x` (line 3)',
      ],
      ['an argument and the global one', 'ARG v=1\nFROM a\nARG v\nUSER $|v\n', '`ARG v=1` (line 1)'],
      ['a stage', 'FROM a AS one\nFROM b\nCOPY --from=o|ne a b\n', 'stage `one` (0), linux, line 1'],
      ['a base image', 'FROM mcr.microsoft.com/windows/nano|server:ltsc2019\n', 'supported until 2029-01-09'],
      [
        'a base image out of support',
        'FROM mcr.microsoft.com/windows/nanoserver:1909|\n',
        'support ended 2021-05-11',
      ],
      ['a rule', 'FROM a\n# porthole ignore=PW|001\nRUN a\n', '**PW001 missing-escape-directive**'],
      ["a rule's other name", '# check=skip=Stage|NameCasing\nFROM a\n', 'stage-name-casing'],
      ['a directive', '# esc|ape=`\nFROM a\n', '`# escape=`'],
    ] as const) {
      it(`explains ${title}`, async () => expect(await hover(marked)).to.contain(wanted));
    }

    it('says nothing in a here-document', async () => {
      expect(await hover('FROM a\nRUN <<EOF\nCO|PY\nEOF\n')).to.equal('');
    });
  });

  describe('names', () => {
    const places = async (method: string, marked: string, params: object = {}): Promise<string[]> =>
      (await client.at<Location[]>(method, marked, params)).map(({ range }) => show(range));

    for (const [title, marked, wanted] of [
      ['a stage in COPY --from', 'FROM a AS One\nFROM b\nCOPY --from=o|ne a b\n', ['0:10-0:13']],
      ['a stage by number', 'FROM a\nFROM b\nCOPY --from=|0 a b\n', ['0:0-0:4']],
      ['a stage in FROM', 'FROM a AS one\nFROM on|e\n', ['0:10-0:13']],
      [
        'a stage in a mount',
        'FROM a AS one\nFROM b\nRUN --mount=type=bind,from=o|ne,target=/x a\n',
        ['0:10-0:13'],
      ],
      [
        'the last of several stages of one name',
        'FROM a AS x\nFROM b AS x\nFROM c\nCOPY --from=x| a b\n',
        ['1:10-1:11'],
      ],
      ['a variable of ENV', 'FROM a\nENV A=1 B=2\nENV A=3\nUSER $|A\n', ['2:4-2:5']],
      ['a variable that a stage takes over', 'FROM a AS one\nENV A=1\nFROM one\nUSER ${A|}\n', ['1:4-1:5']],
      ['an argument asked for again', 'ARG v=1\nFROM a\nARG v\nUSER $|v\n', ['2:4-2:5', '0:4-0:5']],
      ['an argument in FROM', 'ARG v=1\nFROM a:$v|\n', ['0:4-0:5']],
      ['a default inside a substitution', 'FROM a\nARG x\nARG y\nUSER ${x:-$|y}\n', ['2:4-2:5']],
      ['a variable on a continuation line', 'FROM a\nARG x\nCOPY a \\\n  $|x\n', ['1:4-1:5']],
      ['an argument in the value of a flag', 'FROM a\nARG x\nADD --checksum=$|x a b\n', ['1:4-1:5']],
      ['no variable of another stage', 'FROM a\nARG x=1\nFROM b\nUSER $|x\n', []],
      ['no variable set below', 'FROM a\nUSER $|x\nENV x=1\n', []],
    ] as const) {
      it(`finds the definition of ${title}`, async () =>
        expect(await places('textDocument/definition', marked)).to.deep.equal(wanted));
    }

    it('finds all uses of a stage, with and without its declaration', async () => {
      const marked = 'FROM a AS on|e\nFROM ONE\nFROM b\nCOPY --from=one a b\nCOPY --from=0 c d\n';

      expect(
        await places('textDocument/references', marked, { context: { includeDeclaration: true } }),
      ).to.deep.equal(['0:10-0:13', '1:5-1:8', '3:12-3:15', '4:12-4:13']);
      expect(
        await places('textDocument/references', marked, { context: { includeDeclaration: false } }),
      ).to.have.lengthOf(3);
    });

    it('finds all uses of a variable, those of shells too', async () => {
      const marked = `${windows}ENV D|IR=x\nWORKDIR C:/$dir\nRUN cd %DIR%\nRUN cd %OTHER%\nENV DIR=y\nUSER $DIR\n`;

      expect(
        await places('textDocument/references', marked, { context: { includeDeclaration: true } }),
      ).to.deep.equal(['1:4-1:7', '2:11-2:15', '3:7-3:12']);
      expect(await client.at<DocumentHighlight[]>('textDocument/documentHighlight', marked)).to.have.lengthOf(
        3,
      );
    });

    it('renames a stage where it is written by name', async () => {
      const marked =
        'FROM a AS on|e\nFROM One AS two\nCOPY --from=one a b\nCOPY --from=0 c d\nRUN echo one\n';
      const edit = await client.at<WorkspaceEdit>('textDocument/rename', marked, { newName: 'base' });
      const [edits] = Object.values(edit.changes!);

      expect(edits!.map(({ range, newText }) => [show(range), newText])).to.deep.equal([
        ['0:10-0:13', 'base'],
        ['1:5-1:8', 'base'],
        ['2:12-2:15', 'base'],
      ]);
    });

    it('refuses to rename what it cannot, and names that cannot be', async () => {
      const rename = (marked: string, newName: string): Promise<unknown> =>
        client.at('textDocument/rename', marked, { newName }).then(
          () => 'renamed',
          (error: Error) => error.message,
        );

      expect(await rename('FROM a AS on|e\n', '1 2')).to.contain('"1 2" cannot name a stage');
      expect(await rename('FROM a AS on|e\nFROM b AS two\n', 'TWO')).to.contain(
        'another stage is called "TWO"',
      );
      expect(await rename('FROM a\nENV A|=1\n', 'B')).to.contain('only names of stages can be renamed');
      expect(await client.at('textDocument/prepareRename', 'FROM a\nENV A|=1\n')).to.equal(null);
      expect(await client.at('textDocument/prepareRename', 'FROM a\nFROM b\nCOPY --from=|0 a b\n')).to.equal(
        null,
      );
      expect(show(await client.at<Range>('textDocument/prepareRename', 'FROM a AS on|e\n'))).to.equal(
        '0:10-0:13',
      );
    });
  });

  describe('outline', () => {
    it('has stages with their instructions, broken ones too', async () => {
      const text = 'ARG v=1\n\nFROM a:$v AS one\nRUN x \\\n  y\nNOPE\n# next\nFROM b\n';
      const symbols = await client.at<DocumentSymbol[]>('textDocument/documentSymbol', `|${text}`);

      expect(symbols.map(({ name, detail, range }) => [name, detail, show(range)])).to.deep.equal([
        ['ARG v=1', undefined, '0:0-0:7'],
        ['one', 'a:$v', '2:0-5:4'],
        ['b', undefined, '7:0-7:6'],
      ]);
      expect(symbols[1]!.children!.map(({ name, range }) => [name, show(range)])).to.deep.equal([
        ['RUN x y', '3:0-4:3'],
        ['NOPE', '5:0-5:4'],
      ]);
    });

    it('folds stages, long instructions, here-documents and comments', async () => {
      const text = '# a\n# b\nFROM a\nRUN x \\\n  y\nRUN <<EOF\nz\nEOF\n\n# c\nFROM b\nUSER c\n';
      const folds = await client.at<FoldingRange[]>('textDocument/foldingRange', `|${text}`);

      expect(
        folds.map(({ startLine, endLine, kind }) => `${startLine}-${endLine} ${kind ?? ''}`.trim()),
      ).to.have.members(['2-7 region', '10-11 region', '0-1 comment', '3-4', '5-7']);
    });
  });

  describe('code actions', () => {
    const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    const actions = async (
      text: string,
      context: object,
      uri: string,
      range: Range = whole,
    ): Promise<CodeAction[]> => {
      await client.open(text, uri);
      return client.request<CodeAction[]>(
        'textDocument/codeAction',
        { range, context: { diagnostics: [], ...context } },
        uri,
      );
    };
    const apply = (action: CodeAction | undefined, uri: string): string =>
      client.apply(action!.edit!.changes![uri]!, uri);

    it('fixes one finding, and says which', async () => {
      const uri = 'file:///work/fix-one';
      const found = await actions('FROM scratch\ncopy a b\nCOPY c d\n', { only: ['quickfix'] }, uri);
      const fix = found.find(({ isPreferred }) => isPreferred === true);

      expect(fix!.title).to.equal('Write COPY (BK004)');
      expect(fix!.diagnostics![0]!.code).to.equal('BK004');
      expect(apply(fix, uri)).to.equal('FROM scratch\nCOPY a b\nCOPY c d\n');
    });

    it('offers the fixes of the asked place alone', async () => {
      const range = { start: { line: 2, character: 1 }, end: { line: 2, character: 1 } };
      const found = await actions('FROM scratch\ncopy a b\nCOPY c d\n', {}, 'file:///work/place', range);

      expect(found).to.deep.equal([]);
    });

    it('fixes everything, as lint --fix does', async () => {
      const uri = 'file:///work/fix-all';
      const text =
        '# note 😀\r\nFROM mcr.microsoft.com/windows/servercore:ltsc2022 as b\r\nCopy a C:/x/\r\nRUN ver\r\n';
      const found = await actions(text, { only: ['source.fixAll'] }, uri);

      expect(found.map(({ kind }) => kind)).to.deep.equal(['source.fixAll.porthole']);
      expect(apply(found[0], uri)).to.equal(text.replace(' as b', ' AS b').replace('Copy', 'COPY'));
      expect(
        await actions('FROM scratch\n', { only: ['source.fixAll'] }, 'file:///work/nothing'),
      ).to.deep.equal([]);
    });

    it('leaves out a rule for an instruction, for the file, and beside another', async () => {
      const uri = 'file:///work/ignore';
      const text = `# escape=\`\n${windows}# porthole ignore=PW001\nENV a $b\n`;
      const found = await actions(text, { only: ['quickfix'] }, uri);
      const titled = (title: string) => found.find((one) => one.title === title);

      expect(apply(titled('Ignore BK011 for this instruction'), uri)).to.contain(
        '\n# porthole ignore=PW001,BK011\nENV',
      );
      expect(apply(titled('Ignore BK011 in this file'), uri)).to.contain(
        '# escape=`\n# porthole global ignore=BK011\nFROM',
      );
      const plain = 'file:///work/ignore-plain';
      const other = await actions(`${windows}  ENV a $b\n`, { only: ['quickfix'] }, plain);
      const action = other.find(({ title }) => title === 'Ignore BK011 for this instruction');
      const after = apply(action, plain);
      expect(after).to.contain('\n  # porthole ignore=BK011\n  ENV');
      expect((await client.open(after, 'file:///work/ignored')).map(({ code }) => code)).to.not.include(
        'BK011',
      );
    });

    it('cannot leave out what the builder refuses', async () => {
      expect(await actions('NOPE\n', { only: ['quickfix'] }, 'file:///work/refused')).to.deep.equal([]);
    });
  });

  it('formats a document', async () => {
    const uri = 'file:///work/format';
    await client.open('from a as b\r\nrun x \\  \r\n y\r\n', uri);
    const options = { tabSize: 4, insertSpaces: true };
    const edits = await client.request<TextEdit[]>('textDocument/formatting', { options }, uri);

    expect(client.apply(edits, uri)).to.equal('FROM a AS b\r\nRUN x \\\r\n    y\r\n');
  });
});
