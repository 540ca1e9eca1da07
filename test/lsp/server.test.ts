/** The built `porthole lsp` and an editor's end of the protocol: life, documents, findings, settings, bad input. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Diagnostic, TextEdit } from 'vscode-languageserver-protocol/node';
import { Cli, skipWithoutCli, packageRoot } from '../support/cli.ts';
import { LspClient } from '../support/lsp-client.ts';

const windows = 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\n';
const codes = (diagnostics: readonly Diagnostic[]): unknown[] => diagnostics.map(({ code }) => code);

describe('porthole lsp', function () {
  this.timeout(20_000);
  let client: LspClient;

  before(function () {
    skipWithoutCli(this);
  });
  beforeEach(() => void (client = new LspClient()));
  afterEach(() => client?.dispose());

  it('says what it can do', async () => {
    const { serverInfo, capabilities } = await client.initialize();

    expect(serverInfo?.name).to.equal('porthole');
    expect(capabilities.positionEncoding).to.equal('utf-16');
    expect(Object.keys(capabilities)).to.include.members([
      'codeActionProvider',
      'completionProvider',
      'definitionProvider',
      'documentFormattingProvider',
      'documentSymbolProvider',
      'foldingRangeProvider',
      'hoverProvider',
      'referencesProvider',
      'renameProvider',
    ]);
  });

  it('publishes findings with code, level, page and tags', async () => {
    await client.initialize();
    const found = await client.open(
      `${windows}WORKDIR C:\\app\nMAINTAINER me\n# porthole ignore=PW005\nRUN ver\n`,
    );

    const [first] = found;
    expect(first).to.deep.include({
      code: 'PW001',
      severity: 2,
      source: 'porthole',
      range: { start: { line: 1, character: 10 }, end: { line: 1, character: 11 } },
    });
    expect(existsSync(fileURLToPath(first!.codeDescription!.href))).to.equal(true);
    expect(
      found.find(({ message }) => typeof message === 'string' && message.includes('Maintainer')),
    ).to.deep.include({ tags: [2] });
    expect(found.find(({ code }) => code === 'PH002')).to.deep.include({ tags: [1], severity: 3 });
  });

  it('reports what the builder refuses, at its place', async () => {
    await client.initialize();
    const found = await client.open('FROM scratch\nRUNN x\n');

    expect(found).to.have.lengthOf(1);
    expect(found[0]).to.deep.include({
      code: 'PH001',
      severity: 1,
      message: 'unknown instruction: RUNN (did you mean RUN?)',
      range: { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } },
    });
  });

  it('follows changes: parts of a document, several at once, whole ones', async () => {
    await client.initialize();
    const uri = 'file:///work/Dockerfile';
    expect(codes(await client.open('FROM scratch\ncopy a /b\n'))).to.include('BK004');

    const fixed = client.diagnostics(uri, 2);
    const change = (version: number, contentChanges: object[]) =>
      client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges,
      });
    await change(2, [
      { range: { start: { line: 1, character: 0 }, end: { line: 1, character: 4 } }, text: 'COPY' },
      { range: { start: { line: 2, character: 0 }, end: { line: 2, character: 0 } }, text: 'COPY c /d\n' },
    ]);
    expect(await fixed).to.deep.equal([]);

    const whole = client.diagnostics(uri, 3);
    await change(3, [{ text: 'FROM scratch\nNOPE\n' }]);
    expect(codes(await whole)).to.deep.equal(['PH001']);
  });

  it('publishes a document once when it is opened', async () => {
    await client.initialize();
    const [uri, other] = ['file:///work/Dockerfile', 'file:///work/other/Dockerfile'];
    await client.open('FROM scratch\n', uri);
    await client.open('FROM scratch\n', other);

    // Pauses for typing have one length: what an opening would wait for comes before what this change waits for.
    const changed = client.diagnostics(other, 2);
    await client.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: other, version: 2 },
      contentChanges: [{ text: 'NOPE\n' }],
    });
    await changed;
    expect(client.published).to.deep.equal([uri, other, other]);
  });

  it('publishes the newest of quick changes and clears what it said when a document is closed', async () => {
    await client.initialize();
    const uri = 'file:///work/Dockerfile';
    await client.open('FROM scratch\n');
    const last = client.diagnostics(uri, 9);
    for (let version = 2; version <= 9; version++) {
      await client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text: 'FROM scratch\n'.repeat(version - 1) + 'NOPE\n' }],
      });
    }
    expect((await last)[0]!.range.start.line).to.equal(8);

    const cleared = client.diagnostics(uri);
    await client.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
    expect(await cleared).to.deep.equal([]);
  });

  it('counts columns in UTF-16 and takes CRLF', async () => {
    await client.initialize();
    const found = await client.open('FROM scratch\r\nENV a="😀" b=$nope\r\nRUNN\r\n');

    expect(found.map(({ code, range }) => [code, range.start, range.end])).to.deep.equal([
      ['BK011', { line: 1, character: 13 }, { line: 1, character: 18 }],
      ['PH001', { line: 2, character: 0 }, { line: 2, character: 4 }],
    ]);
  });

  describe('settings', () => {
    const text = 'FROM scratch\ncopy a /b\nCOPY $nope /\n';

    it('come with the start', async () => {
      await client.initialize({}, { porthole: { lint: { ignore: ['undefined-var'] } } });

      expect(codes(await client.open(text))).to.deep.equal(['BK004']);
    });

    it('are pushed, and everything open is looked at anew', async () => {
      await client.initialize();
      expect(codes(await client.open(text))).to.deep.equal(['BK004', 'BK011']);
      const again = client.diagnostics();
      await client.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { porthole: { lint: { ignore: ['BK004'], rules: { BK011: 'error' } } } },
      });

      expect((await again).map(({ code, severity }) => [code, severity])).to.deep.equal([['BK011', 1]]);
    });

    it('are asked for where the editor can be asked', async () => {
      let settings: object = { ignore: ['BK004'] };
      client.connection.onRequest('workspace/configuration', () => [settings]);
      const registered: string[] = [];
      client.connection.onRequest(
        'client/registerCapability',
        ({ registrations }: { registrations: { method: string }[] }) => {
          registered.push(...registrations.map(({ method }) => method));
          return null;
        },
      );
      await client.initialize({
        workspace: {
          configuration: true,
          didChangeConfiguration: { dynamicRegistration: true },
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
      });
      await client.open(text);
      settings = { only: ['BK011'] };
      const again = client.diagnostics();
      await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });

      const found = await again;
      expect(codes(found)).to.deep.equal(['BK011']);
      expect(registered).to.have.members([
        'workspace/didChangeConfiguration',
        'workspace/didChangeWatchedFiles',
      ]);
    });

    it('that are wrong are told in the log, and the others count', async () => {
      await client.initialize({}, { porthole: { lint: { ignore: ['NOPE1'], only: ['BK011'] } } });

      expect(codes(await client.open(text))).to.deep.equal(['BK011']);
      expect(client.log.join('\n')).to.contain('unknown rule "NOPE1"');
    });

    it('lie in .porthole-lint.yaml too; the wrong ones are shown, and the editor has the last word', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'porthole-lsp-'));
      try {
        const config = join(folder, '.porthole-lint.yaml');
        writeFileSync(config, 'only: [BK004, BK011]\nrules: { BK011: error }\n');
        const shown: string[] = [];
        client.connection.onNotification('window/showMessage', ({ message }: { message: string }) => {
          shown.push(message);
        });
        await client.initialize({}, { porthole: { lint: { ignore: ['BK004'] } } });
        const uri = pathToFileURL(join(folder, 'sub', 'Dockerfile')).href;
        const found = await client.open(text, uri);
        expect(found.map(({ code, severity }) => [code, severity])).to.deep.equal([['BK011', 1]]);

        writeFileSync(config, 'only: [NOPE1]\nnonsense: 1\n');
        const again = client.diagnostics(uri);
        const changes = [{ uri: pathToFileURL(config).href, type: 2 }];
        await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
        expect(codes(await again)).to.include('BK011');
        expect(shown.join('\n')).to.contain(`${config}:1:`).and.to.contain('"nonsense" is not a setting');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('say which escape character a file without a directive has', async () => {
      await client.initialize({}, { porthole: { lint: { escape: '`' } } });
      const uri = 'file:///work/escape';
      await client.open('FROM scratch\nCOPY a `\n /b\n', uri);
      const options = { tabSize: 4, insertSpaces: true };
      const edits = await client.request<TextEdit[]>('textDocument/formatting', { options }, uri);

      expect(client.apply(edits, uri)).to.equal('FROM scratch\nCOPY a `\n    /b\n');
    });

    it('beside the file count, and are read anew when they change', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'porthole-lsp-'));
      try {
        const ignored = join(folder, '.dockerignore');
        writeFileSync(ignored, 'secret\n');
        await client.initialize();
        const uri = pathToFileURL(join(folder, 'Dockerfile')).href;
        const settings = { porthole: { lint: { only: ['CopyIgnoredFile'] } } };
        await client.connection.sendNotification('workspace/didChangeConfiguration', { settings });
        expect(codes(await client.open('FROM scratch\nCOPY secret /\n', uri))).to.deep.equal(['BK019']);

        writeFileSync(ignored, 'other\n');
        const again = client.diagnostics(uri);
        await client.connection.sendNotification('workspace/didChangeWatchedFiles', {
          changes: [{ uri: pathToFileURL(ignored).href, type: 2 }],
        });
        expect(await again).to.deep.equal([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe('life', () => {
    it('ends with 0 after shutdown and exit', async () => {
      await client.initialize();

      expect(await client.close()).to.equal(0);
      expect(client.stderr).to.equal('');
    });

    it('ends with 1 on exit without shutdown', async () => {
      await client.initialize();
      await client.connection.sendNotification('exit');

      expect(await client.exited()).to.equal(1);
    });

    it('ends when the editor closes the stream', async () => {
      await client.initialize();
      client.child.stdin!.end();

      expect(await client.exited()).to.be.a('number');
    });

    it('ends by SIGTERM', async () => {
      await client.initialize();
      client.child.kill('SIGTERM');

      expect(await client.exited()).to.equal(process.platform === 'win32' ? null : 143);
    });

    it('ends when the editor is gone but the stream is not', async () => {
      const editor = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
      await client.connection.sendRequest('initialize', {
        processId: editor.pid,
        rootUri: null,
        capabilities: {},
      });
      editor.kill('SIGKILL');
      await once(editor, 'exit');

      expect(await client.exited()).to.equal(1);
    });

    it('refuses arguments and --json, which mean nothing to it', async () => {
      const cli = new Cli(tmpdir());
      const argument = await cli.run(['lsp', 'x']);
      const json = await cli.run(['lsp', '--json']);

      expect([argument.exitCode, argument.stdout]).to.deep.equal([1, '']);
      expect(json.exitCode).to.equal(2);
      expect(json.stdout).to.contain('talks the Language Server Protocol');
    });
  });

  describe('what it cannot use', () => {
    it('unknown requests get an error, unknown notifications nothing', async () => {
      await client.initialize();
      await client.connection.sendNotification('porthole/nonsense', { a: 1 });
      const error: unknown = await client.connection
        .sendRequest('textDocument/nonsense', {})
        .catch((problem: unknown) => problem);

      expect(error).to.deep.include({ code: -32601 });
      expect(await client.open('FROM scratch\n')).to.deep.equal([]);
    });

    it('documents that are not open give empty answers', async () => {
      await client.initialize();
      const position = { line: 5, character: 5 };

      expect(await client.request('textDocument/hover', { position })).to.equal(null);
      expect(await client.request('textDocument/completion', { position })).to.deep.equal([]);
      expect(
        await client.request('textDocument/formatting', { options: { tabSize: 4, insertSpaces: true } }),
      ).to.deep.equal([]);
    });

    it('positions outside of the text are taken to its ends', async () => {
      await client.initialize();
      await client.open('FROM scratch\n');
      for (const position of [
        { line: 1e6, character: 1e6 },
        { line: 0, character: 1e6 },
        { line: -1, character: -1 },
      ]) {
        await client.request('textDocument/completion', { position });
        await client.request('textDocument/hover', { position });
        await client.request('textDocument/definition', { position });
      }
    });

    it('requests without their parameters get an error and harm nothing', async () => {
      await client.initialize();
      for (const method of ['hover', 'completion', 'codeAction', 'formatting', 'rename']) {
        const error: unknown = await client.connection.sendRequest(`textDocument/${method}`, {}).then(
          () => undefined,
          (problem: unknown) => problem,
        );
        expect(error, method).to.be.an('error');
      }
      await client.connection.sendNotification('textDocument/didChange', { textDocument: { uri: 'x' } });
      expect(await client.open('FROM scratch\n')).to.deep.equal([]);
    });

    for (const [what, bytes] of [
      ['a body that is no JSON', 'Content-Length: 5\r\n\r\n{"a":'],
      ['a message that is no request', 'Content-Length: 2\r\n\r\n[]'],
      ['a number', 'Content-Length: 1\r\n\r\n1'],
      ['a header without a length', 'Content-Type: x\r\n\r\n'],
      ['a length that is no number', 'Content-Length: x\r\n\r\n'],
      ['bytes that are no UTF-8', Buffer.from('Content-Length: 4\r\n\r\n\xff\xfe\x00\x80', 'latin1')],
    ] as const) {
      it(`${what} on the stream does not end it`, async () => {
        await client.initialize();
        client.child.stdin!.write(bytes);
        // What came in one piece with a broken header is read when more comes.
        const nudge = setInterval(() => void client.connection.sendNotification('porthole/nonsense'), 20);
        try {
          expect(await client.open('FROM scratch\nNOPE\n')).to.have.lengthOf(1);
        } finally {
          clearInterval(nudge);
        }
        expect(await client.close()).to.equal(0);
      });
    }

    it('any text is a document', async () => {
      await client.initialize();
      const texts = [
        '',
        '\uFEFF',
        '\0\0\0',
        '\r\r\r',
        '{"a":1}',
        '\ud800',
        'FROM a\nRUN <<EOF\n',
        '\\\n'.repeat(5000),
      ];
      for (const [index, text] of texts.entries()) {
        expect(await client.open(text, `file:///work/${index}`)).to.be.an('array');
      }
    });

    it('addresses that are no files are documents too', async () => {
      await client.initialize();
      for (const uri of ['untitled:Untitled-1', 'file://host/share/Dockerfile', 'git:/a?b', 'file:///%zz']) {
        expect(codes(await client.open('NOPE\n', uri)), uri).to.include('PH001');
      }
    });
  });

  it('is loaded by nothing else, and loads no engine', () => {
    const chunk = readFileSync(join(packageRoot, 'dist/lsp.js'), 'utf8');

    expect(readFileSync(join(packageRoot, 'dist/porthole.js'), 'utf8')).to.not.contain('textDocument/');
    expect(chunk).to.contain('textDocument/');
    expect(chunk).to.not.match(/require\("(?:koffi|@oclif\/core|node-fetch|tar-stream)"\)/);
    expect(readFileSync(join(packageRoot, 'dist/lsp.LICENSES.txt'), 'utf8')).to.match(
      /vscode-jsonrpc[^]*MIT License/i,
    );
  });
});
