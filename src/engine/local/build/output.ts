import type { ProgressListener } from '../../../api/types/index.ts';

/** The classic builder's text, message by message (dockerfile.md 2.6). */
export class BuildOutput {
  readonly #listener: ProgressListener;

  constructor(listener: ProgressListener | undefined) {
    this.#listener = listener ?? (() => undefined);
  }

  /** `progress` messages of a pull or download, passed on as they are. */
  get progress(): ProgressListener {
    return this.#listener;
  }

  contextSize(bytes: number): void {
    this.#listener({ status: 'Sending build context to Docker daemon', progressDetail: { current: bytes } });
  }

  out(text: string): void {
    this.#listener({ stream: text });
  }

  /** Standard error is red, as the engine sends it. */
  error(text: string): void {
    this.#listener({ stream: `\x1b[91m${text}\x1b[0m` });
  }

  /** The step line and its line feed are two messages. */
  step(number: number, total: number, text: string): void {
    this.out(`Step ${number}/${total} : ${text}`);
    this.out('\n');
  }

  imageId(id: string): void {
    this.out(` ---> ${shortId(id)}\n`);
  }

  stageDone(id: string): void {
    this.#listener({ aux: { ID: id } });
  }
}

/** 12 hex digits of an image or container ID. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
