/**
 * Everything a module could read from the process it runs in, made injectable (codebases.md 5.9). Only the composition
 * root (`src/main.ts`, `src/monitor/main.ts`) fills it; nothing else reads `process.platform`, `process.env`, `Date.now`.
 */
export interface Environment {
  readonly platform: 'win32' | 'linux';
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when elevated on Windows, uid 0 on Linux. */
  readonly elevated: boolean;
  readonly homeDir: string;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 64 lower-case hex digits, cryptographically random. */
  readonly newId: () => string;
  /** Data root: design.md 7. Absolute. */
  readonly dataRoot: string;
  /** Root folder whose Wine is used on Linux (design.md 17); `/` by default. */
  readonly wineRoot: string;
  /** `--record` and `--replay`: calls to the host are written into a file, or answered from one. */
  readonly recording?: RecordingSettings;
  /** Absolute folder of the installed package (holds dist/, native/prebuilt/). */
  readonly packageRoot: string;
}

export interface RecordingSettings {
  readonly mode: 'record' | 'replay';
  /** Absolute. */
  readonly file: string;
  /** Replay in the data root that was given, not in a temporary one. */
  readonly keepDataRoot: boolean;
}
