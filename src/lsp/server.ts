/**
 * `porthole lsp`: the Language Server Protocol on two streams. The library frames messages, answers unknown requests and
 * ends the process on `exit`, and when the editor closes the stream or is gone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  createConnection,
  CodeActionKind,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  ErrorCodes,
  MessageType,
  ResponseError,
  ShowMessageNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  type Position,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { SourceRange } from '../dockerfile/source.ts';
import type { LintOptions } from '../lint/lint-file.ts';
import { rules } from '../lint/rules/index.ts';
import type { PersonalSettings } from '../lint/settings/find-config.ts';
import type { LintSettings } from '../lint/settings/lint-settings.ts';
import { Analysis } from './analysis.ts';
import { codeActions, fixAllKind } from './code-actions.ts';
import { completionAt } from './completion.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { definitionRanges, occurrences, renameRange, renameStage } from './find-name.ts';
import { formatEdits } from './format.ts';
import { hoverAt } from './hover.ts';
import { documentSymbols, foldingRanges } from './outline.ts';
import { clientSettings, section, SettingsReader } from './settings.ts';

export interface ServerOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly version: string;
  /** Absolute folder of the package, which holds the rules' pages. */
  readonly packageRoot: string;
  readonly personal: PersonalSettings;
  readonly now: () => number;
}

/** Long enough to leave out what typing makes of a file for a moment, too short to be waited for. */
const typingPause = 120;

/** Resolves never: the process ends with the connection. */
export function serve(options: ServerOptions): Promise<never> {
  const connection = createConnection(options.input, options.output);
  new Server(connection, options).listen();
  return new Promise<never>(() => undefined);
}

class Server {
  readonly #connection: Connection;
  readonly #options: ServerOptions;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #analyses = new Map<string, Analysis>();
  readonly #pending = new Map<string, NodeJS.Timeout>();
  readonly #lintOptions = new Map<string, Promise<LintOptions>>();
  /** The last publication that was begun. */
  readonly #turns = new WeakMap<TextDocument, object>();
  #client: LintSettings = {};
  #settings: SettingsReader;
  #canAsk = false;
  #canRegister = new Set<string>();

  constructor(connection: Connection, options: ServerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#settings = this.#reader();
  }

  listen(): void {
    const connection = this.#connection;
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => void this.#initialized());
    connection.onDidChangeConfiguration(({ settings }) => void this.#configured(settings));
    connection.onDidChangeWatchedFiles(() => this.#refresh());
    this.#documents.onDidChangeContent(({ document }) => {
      // The first content comes with the document; nobody is typing it.
      if (this.#turns.has(document)) this.#schedule(document);
      else void this.#publish(document);
    });
    this.#documents.onDidSave(({ document }) => {
      // What lies beside the file may have been saved with it.
      this.#lintOptions.delete(document.uri);
      this.#analyses.delete(document.uri);
      void this.#publish(document);
    });
    this.#documents.onDidClose(({ document }) => this.#closed(document.uri));
    this.#answerRequests();
    this.#documents.listen(connection);
    connection.listen();
  }

  async #initialize(params: InitializeParams): Promise<InitializeResult> {
    const { workspace } = params.capabilities;
    this.#canAsk = workspace?.configuration === true;
    if (workspace?.didChangeConfiguration?.dynamicRegistration === true)
      this.#canRegister.add('configuration');
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration === true) this.#canRegister.add('files');
    await this.#read(params.initializationOptions);
    return {
      serverInfo: { name: 'porthole', version: this.#options.version },
      capabilities: {
        positionEncoding: 'utf-16',
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        hoverProvider: true,
        completionProvider: { triggerCharacters: ['$', '{', '-', '=', ',', ' ', '#'] },
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        documentSymbolProvider: true,
        foldingRangeProvider: true,
        documentFormattingProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
        renameProvider: { prepareProvider: true },
      },
    };
  }

  async #initialized(): Promise<void> {
    try {
      if (this.#canRegister.has('configuration')) {
        await this.#connection.client.register(DidChangeConfigurationNotification.type, {
          section: 'porthole',
        });
      }
      if (this.#canRegister.has('files')) {
        const names = ['.porthole-lint.{yaml,yml}', '.hadolint.{yaml,yml}', '*.dockerignore'];
        const watchers = names.map((name) => ({ globPattern: `**/${name}` }));
        await this.#connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
      }
      if (this.#canAsk) await this.#configured(undefined);
    } catch (error) {
      this.#connection.console.warn(`the editor refused a registration: ${(error as Error).message}`);
    }
  }

  /** Editors push their settings, or only say that there are new ones. */
  async #configured(pushed: unknown): Promise<void> {
    let value = pushed;
    if (this.#canAsk) {
      try {
        value = {
          porthole: { lint: (await this.#connection.workspace.getConfiguration(section)) as unknown },
        };
      } catch (error) {
        this.#connection.console.warn(`settings cannot be read: ${(error as Error).message}`);
      }
    }
    await this.#read(value);
    this.#refresh();
  }

  /** Under `porthole.lint`, as editors push them, or without that, as they stand in `initializationOptions`. */
  async #read(value: unknown): Promise<void> {
    const lint = member(member(value, 'porthole'), 'lint') ?? member(value, 'lint');
    const { settings, mistakes } = await clientSettings(lint, rules);
    for (const mistake of mistakes) this.#connection.console.warn(mistake);
    this.#client = settings;
    this.#settings = this.#reader();
  }

  #reader(): SettingsReader {
    const { personal, now } = this.#options;
    return new SettingsReader(rules, this.#client, personal, now(), (mistake) => {
      const type = MessageType.Error;
      void this.#connection.sendNotification(ShowMessageNotification.type, { type, message: mistake });
    });
  }

  /** Everything that is open is looked at anew, with all settings. */
  #refresh(): void {
    this.#settings = this.#reader();
    this.#analyses.clear();
    this.#lintOptions.clear();
    for (const document of this.#documents.all()) void this.#publish(document);
  }

  #schedule(document: TextDocument): void {
    clearTimeout(this.#pending.get(document.uri));
    this.#pending.set(
      document.uri,
      setTimeout(() => void this.#publish(document), typingPause),
    );
  }

  async #publish(document: TextDocument): Promise<void> {
    const { uri } = document;
    clearTimeout(this.#pending.get(uri));
    this.#pending.delete(uri);
    const turn = {};
    this.#turns.set(document, turn);
    try {
      const analysis = await this.#analysis(document);
      // It may have been closed meanwhile, and then has no findings; or be looked at anew, with other settings.
      if (this.#documents.get(uri) !== document || this.#turns.get(document) !== turn) return;
      const diagnostics = diagnosticsOf(analysis, (url) => this.#pageOf(url));
      await this.#connection.sendDiagnostics({ uri, version: document.version, diagnostics });
    } catch (error) {
      this.#connection.console.error(`${uri}: ${(error as Error).stack ?? String(error)}`);
    }
  }

  #closed(uri: string): void {
    clearTimeout(this.#pending.get(uri));
    this.#pending.delete(uri);
    this.#analyses.delete(uri);
    this.#lintOptions.delete(uri);
    void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  async #analysis(document: TextDocument): Promise<Analysis> {
    const { uri } = document;
    let reading = this.#lintOptions.get(uri);
    if (reading === undefined) {
      const path = pathOf(uri);
      reading = this.#settings.optionsFor(path ?? uri, path);
      this.#lintOptions.set(uri, reading);
    }
    const options = await reading;
    const known = this.#analyses.get(uri);
    if (known?.document === document && known.options === options && known.text === document.getText()) {
      return known;
    }
    const made = new Analysis(document, rules, options);
    this.#analyses.set(uri, made);
    return made;
  }

  /** The pages of this package are files of it. */
  #pageOf(url: string): string | undefined {
    if (/^https?:/.test(url)) return url;
    const path = join(this.#options.packageRoot, url);
    return existsSync(path) ? pathToFileURL(path).href : undefined;
  }

  #answerRequests(): void {
    const connection = this.#connection;
    connection.onHover(({ textDocument, position }) => this.#at(textDocument, position, null, hoverAt));
    connection.onCompletion(({ textDocument, position }) =>
      this.#at(textDocument, position, [], completionAt),
    );
    connection.onDefinition(({ textDocument, position }) =>
      this.#at(textDocument, position, [], (analysis, offset) =>
        definitionRanges(analysis, offset).map((range) => ({
          uri: textDocument.uri,
          range: analysis.range(range),
        })),
      ),
    );
    connection.onReferences(({ textDocument, position, context }) =>
      this.#at(textDocument, position, [], (analysis, offset) =>
        occurrences(analysis, offset)
          .filter(({ definition }) => context.includeDeclaration || !definition)
          .map(({ range }) => ({ uri: textDocument.uri, range: analysis.range(range) })),
      ),
    );
    connection.onDocumentHighlight(({ textDocument, position }) =>
      this.#at(textDocument, position, [], (analysis, offset) =>
        occurrences(analysis, offset).map(({ range }) => ({ range: analysis.range(range) })),
      ),
    );
    connection.onPrepareRename(({ textDocument, position }) =>
      this.#at<Range | null>(textDocument, position, null, (analysis, offset) => {
        const range = renameRange(analysis, offset);
        return range === undefined ? null : analysis.range(range);
      }),
    );
    connection.onRenameRequest(({ textDocument, position, newName }) =>
      this.#at(textDocument, position, null, (analysis, offset) => {
        const edits = this.#refusing(() => renameStage(analysis, offset, newName));
        return {
          changes: {
            [textDocument.uri]: toEdits(
              analysis,
              edits.map((range) => ({ range, text: newName })),
            ),
          },
        };
      }),
    );
    connection.onDocumentSymbol(({ textDocument }) => this.#in(textDocument, [], documentSymbols));
    connection.onFoldingRanges(({ textDocument }) => this.#in(textDocument, [], foldingRanges));
    connection.onDocumentFormatting(({ textDocument, options }) =>
      this.#in(textDocument, [], (analysis) =>
        toEdits(
          analysis,
          formatEdits(analysis.lint.file, {
            ...options,
            tabSize: Math.min(Math.max(options.tabSize | 0, 1), 16),
          }),
        ),
      ),
    );
    connection.onCodeAction(({ textDocument, range, context }) =>
      this.#in(textDocument, [], (analysis) => {
        const { document } = analysis;
        const asked = { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
        return codeActions(analysis, asked, context.only, (url) => this.#pageOf(url));
      }),
    );
  }

  /** The answer for a document, or `otherwise` when it is not open. */
  async #in<T>(
    { uri }: { readonly uri: string },
    otherwise: T,
    answer: (analysis: Analysis) => T,
  ): Promise<T> {
    const document = this.#documents.get(uri);
    return document === undefined ? otherwise : answer(await this.#analysis(document));
  }

  #at<T>(
    document: { readonly uri: string },
    position: Position,
    otherwise: T,
    answer: (analysis: Analysis, offset: number) => T,
  ): Promise<T> {
    return this.#in(document, otherwise, (analysis) =>
      answer(analysis, analysis.document.offsetAt(position)),
    );
  }

  #refusing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new ResponseError(ErrorCodes.InvalidRequest, (error as Error).message);
    }
  }
}

function toEdits(
  analysis: Analysis,
  edits: readonly { readonly range: SourceRange; readonly text: string }[],
): TextEdit[] {
  return edits.map(({ range, text }) => ({ range: analysis.range(range), newText: text }));
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Undefined for documents that are no files: untitled ones, those of other file systems. */
function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}
