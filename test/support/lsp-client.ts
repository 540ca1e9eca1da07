/** An editor for tests: drives the built `porthole lsp` as a child process with the protocol's own client library. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createProtocolConnection,
  type ClientCapabilities,
  type Diagnostic,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type TextEdit,
} from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { Cli } from './cli.ts';

type Waiting = (params: PublishDiagnosticsParams) => boolean;

export class LspClient {
  readonly child: ChildProcess;
  readonly connection: ProtocolConnection;
  /** What the server wrote to the editor's log. */
  readonly log: string[] = [];
  /** Documents whose findings came, in that order. */
  readonly published: string[] = [];
  #stderr = '';
  readonly #root: string;
  readonly #waiting = new Set<Waiting>();
  readonly #exited: Promise<[number | null, NodeJS.Signals | null]>;
  readonly #texts = new Map<string, TextDocument>();

  constructor(args: readonly string[] = ['lsp', '--stdio']) {
    this.#root = mkdtempSync(join(tmpdir(), 'porthole-lsp-'));
    this.child = new Cli(this.#root).start(args);
    this.#exited = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.child.stdin!.on('error', () => undefined);
    this.connection = createProtocolConnection(this.child.stdout!, this.child.stdin!);
    this.connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      this.log.push(message);
    });
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.published.push(params.uri);
      for (const waiting of this.#waiting) if (waiting(params)) this.#waiting.delete(waiting);
    });
    this.connection.listen();
  }

  async initialize(
    capabilities: ClientCapabilities = {},
    initializationOptions?: unknown,
  ): Promise<InitializeResult> {
    const result = await this.connection.sendRequest<InitializeResult>('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities,
      initializationOptions,
    });
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  /** Opens a document and gives its first findings. */
  async open(text: string, uri = 'file:///work/Dockerfile'): Promise<Diagnostic[]> {
    const document = TextDocument.create(uri, 'dockerfile', 1, text);
    this.#texts.set(uri, document);
    const found = this.diagnostics(uri, 1);
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'dockerfile', version: 1, text },
    });
    return found;
  }

  /** The next findings of a document, of `version` when it is given. */
  diagnostics(uri = 'file:///work/Dockerfile', version?: number): Promise<Diagnostic[]> {
    return new Promise((done) => {
      this.#waiting.add((params) => {
        if (params.uri !== uri || (version !== undefined && params.version !== version)) return false;
        done(params.diagnostics);
        return true;
      });
    });
  }

  request<T>(method: string, params: object, uri = 'file:///work/Dockerfile'): Promise<T> {
    return this.connection.sendRequest<T>(method, { textDocument: { uri }, ...params });
  }

  /** A request about the place where `|` stands in `marked`; the document has the text without it. */
  async at<T>(method: string, marked: string, params: object = {}): Promise<T> {
    const offset = marked.indexOf('|');
    const text = marked.slice(0, offset) + marked.slice(offset + 1);
    const uri = `file:///work/${method.replaceAll('/', '-')}/${this.#texts.size}/Dockerfile`;
    await this.open(text, uri);
    const position = this.#texts.get(uri)!.positionAt(offset);
    return this.request<T>(method, { position, ...params }, uri);
  }

  apply(edits: readonly TextEdit[], uri = 'file:///work/Dockerfile'): string {
    return TextDocument.applyEdits(this.#texts.get(uri)!, [...edits]);
  }

  /** Asks for an orderly end, and gives the exit code. */
  async close(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    return this.exited();
  }

  async exited(): Promise<number | null> {
    const [code] = await this.#exited;
    return code;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Whatever state the server is in. */
  dispose(): void {
    this.connection.dispose();
    this.child.kill('SIGKILL');
    rmSync(this.#root, { recursive: true, force: true });
  }
}
