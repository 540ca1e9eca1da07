import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsonNumber } from '../../src/text/template/decode.ts';

/** Recorded behaviour of the released Docker client, when it lies beside the checkout. Its INDEX.md describes the fields. */
const folder = join(import.meta.dirname, '../../../shared/conformance/docker-cli');
export const conformance = existsSync(folder) ? folder : undefined;

export interface RecordedRequest {
  method: string;
  target: string;
  headers: string[];
  body?: unknown;
}

export interface StreamFrame {
  stream?: 1 | 2;
  data?: string;
  wait?: number;
  readstdin?: number;
}

export interface RecordedRoute {
  method: string;
  /** Regular expression on the path without its version. */
  path: string;
  query?: string;
  status?: number;
  json?: unknown;
  lines?: unknown[];
  text?: string;
  times?: number;
  delay?: number;
  frames?: StreamFrame[];
  hijack?: StreamFrame[];
  headers?: Record<string, string>;
}

export interface RecordedCase {
  name: string;
  args: string[];
  /** Unix seconds when the run began. */
  now: number;
  stdin?: string;
  env?: Record<string, string>;
  config?: Record<string, unknown>;
  files?: Record<string, string>;
  server: { ostype: string; api: string | null; builder: string; routes: RecordedRoute[] };
  expect: {
    exit: number;
    stdout: string;
    stderr: string;
    requests: RecordedRequest[];
    files?: Record<string, string>;
  };
}

export interface GoldenCase extends Omit<RecordedCase, 'name' | 'now' | 'expect'> {
  golden: string;
  stream: 'stdout' | 'stderr';
}

/** Cases of one command group; none without the conformance data. Large integers keep their digits. */
export function recordedCases(group: string): RecordedCase[] {
  if (!conformance) return [];
  return parseExact(readFileSync(join(conformance, 'recorded', `${group}.json`), 'utf8')) as RecordedCase[];
}

export function goldenCases(): GoldenCase[] {
  if (!conformance) return [];
  return parseExact(readFileSync(join(conformance, 'golden/cases.json'), 'utf8')) as GoldenCase[];
}

/** The expected bytes of a golden case. */
export function goldenText(golden: string): string {
  return readFileSync(join(conformance!, 'golden', golden), 'utf8');
}

/** Numbers that JSON.parse would round are kept as they are written. */
function parseExact(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { source?: string }) =>
    typeof value === 'number' && Number.isInteger(value) && String(value) !== context.source
      ? new JsonNumber(context.source!)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
