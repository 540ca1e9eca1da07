/** A recording file as it was read: checked, and sorted by the processes that wrote it. */
import { PortholeError } from '../../errors/porthole-error.ts';
import { recordingFormat } from '../record/lines.ts';
import type {
  CallLine,
  DataLine,
  EntryLine,
  HeaderLine,
  IdLine,
  PortsLine,
  ReturnLine,
} from '../record/lines.ts';

export interface RecordedCall {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly n: number;
  readonly call: string;
  readonly on: number | undefined;
  readonly args: readonly unknown[];
  /** Where it ended; undefined when it was still under way at the end of the recording. */
  readonly end: { readonly line: number; readonly answer: ReturnLine } | undefined;
  readonly data: readonly DataLine[];
  readonly entries: readonly unknown[];
}

export interface RecordedProcess {
  readonly name: string;
  readonly ports: PortsLine['ports'] | undefined;
  readonly calls: readonly RecordedCall[];
  readonly ids: readonly string[];
}

export interface Recording {
  readonly header: HeaderLine;
  /** In the order in which they first wrote. */
  readonly processes: readonly RecordedProcess[];
}

function broken(file: string, line: number, why: string, cause?: unknown): PortholeError {
  return new PortholeError('invalid', 'RECORDING_INVALID', `${file}:${line}: ${why}`, {
    hint: 'give --replay a file that --record wrote, whole and unchanged',
    cause,
  });
}

/** Kind `invalid`, code `RECORDING_INVALID`, with file and line. A last line that was cut by a crash is left out. */
export function parseRecording(text: string, file: string): Recording {
  const lines = text.split('\n');
  const header = readHeader(lines[0] ?? '', file);
  const building = new Map<string, Building>();
  const last = lines.findLastIndex((line) => line.trim() !== '');
  for (let at = 1; at <= last; at++) {
    const source = lines[at]!;
    if (source.trim() === '') continue;
    let parsed: unknown;
    try {
      parsed = JSON.parse(source);
    } catch (cause) {
      if (at === last && !text.endsWith('\n')) break;
      throw broken(file, at + 1, 'this line is not JSON', cause);
    }
    const { p } = (parsed ?? {}) as { p?: unknown };
    if (typeof p !== 'string') throw broken(file, at + 1, 'this line belongs to no process');
    let process = building.get(p);
    if (process === undefined) building.set(p, (process = new Building(p)));
    const problem = process.take(parsed as Record<string, unknown>, at + 1);
    if (problem !== undefined) throw broken(file, at + 1, problem);
  }
  return { header, processes: [...building.values()].map((process) => process.done()) };
}

function readHeader(line: string, file: string): HeaderLine {
  let header: Partial<HeaderLine> | null;
  try {
    header = JSON.parse(line) as Partial<HeaderLine> | null;
  } catch (cause) {
    throw broken(file, 1, 'this is not a recording', cause);
  }
  if (header?.recording !== 'porthole' || typeof header.format !== 'number') {
    throw broken(file, 1, 'this is not a recording');
  }
  if (header.format > recordingFormat) {
    throw broken(
      file,
      1,
      `the recording has format ${header.format}, and this porthole knows up to ${recordingFormat}`,
    );
  }
  if (!isTexts(header.files) || !isTexts(header.omitted ?? {}) || typeof header.started !== 'number') {
    throw broken(file, 1, 'the first line lacks "files" or "started"');
  }
  return header as HeaderLine;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

const isOptional = (value: unknown, type: 'string' | 'number'): boolean =>
  value === undefined || typeof value === type;

const isTextList = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((text) => typeof text === 'string'));

function isError(error: unknown): boolean {
  return (
    isObject(error) &&
    typeof error['name'] === 'string' &&
    typeof error['message'] === 'string' &&
    ['kind', 'code', 'hint', 'op', 'subject', 'systemId'].every((name) =>
      isOptional(error[name], 'string'),
    ) &&
    ['hresult', 'exitCode'].every((name) => isOptional(error[name], 'number')) &&
    isTextList(error['events'])
  );
}

/** What the end of a call must have for its object to be made. */
function isResult(call: string, result: unknown): boolean {
  if (call.endsWith('.createProcess'))
    return isObject(result) && typeof result['pid'] === 'number' && isTextList(result['streams'] ?? 0);
  return !['compute.create', 'compute.open', 'network.publish'].includes(call) || isObject(result);
}

/** The lines of one process while they are read. */
class Building {
  readonly #name: string;
  #ports: PortsLine['ports'] | undefined;
  readonly #ids: string[] = [];
  readonly #calls = new Map<
    number,
    {
      start: CallLine;
      line: number;
      end: RecordedCall['end'];
      data: DataLine[];
      entries: unknown[];
    }
  >();

  constructor(name: string) {
    this.#name = name;
  }

  /** What is wrong with the line, or undefined. */
  take(line: Record<string, unknown>, number: number): string | undefined {
    if ('ports' in line) {
      const { ports } = line;
      if (!isObject(ports) || !isTextList(ports['networkTypes'])) return 'these ports are none';
      this.#ports = (line as unknown as PortsLine).ports;
      return undefined;
    }
    if ('id' in line) {
      if (typeof line['id'] !== 'string') return 'this ID is no text';
      this.#ids.push((line as unknown as IdLine).id);
      return undefined;
    }
    if ('call' in line) {
      const start = line as unknown as CallLine;
      if (typeof start.n !== 'number' || typeof start.call !== 'string' || !Array.isArray(start.args))
        return 'this call lacks its number, name or arguments';
      if (this.#calls.has(start.n)) return `call ${start.n} is there twice`;
      this.#calls.set(start.n, { start, line: number, end: undefined, data: [], entries: [] });
      return undefined;
    }
    if ('of' in line) {
      const { of } = line as unknown as DataLine;
      const call = this.#calls.get(of);
      if (call === undefined) return `there is no call ${String(of)} that this could be of`;
      const { stream, text, base64 } = line;
      if (!isOptional(stream, 'string') || !isOptional(text, 'string') || !isOptional(base64, 'string'))
        return 'this piece of a stream is no text';
      if ('entry' in line && !isObject(line['entry'])) return 'this entry is none';
      if ('entry' in line) call.entries.push((line as unknown as EntryLine).entry);
      else call.data.push(line as unknown as DataLine);
      return undefined;
    }
    const answer = line as unknown as ReturnLine;
    const call = this.#calls.get(answer.n);
    if (call === undefined) return `there is no call ${String(answer.n)} that this could be the end of`;
    if (answer.error !== undefined ? !isError(answer.error) : !isResult(call.start.call, answer.result))
      return `this is no end of ${call.start.call}`;
    call.end = { line: number, answer };
    return undefined;
  }

  done(): RecordedProcess {
    return {
      name: this.#name,
      ports: this.#ports,
      ids: this.#ids,
      calls: [...this.#calls.values()].map(({ start, line, end, data, entries }) => ({
        line,
        n: start.n,
        call: start.call,
        on: start.on,
        args: start.args,
        end,
        data,
        entries,
      })),
    };
  }
}
