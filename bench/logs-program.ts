/**
 * stdin -> a json-file log: `logs-program WRITER FILE`. `monitor` writes as a container's monitor does, tuning included;
 * `readline` is the baseline of goal G1: one JSON.stringify and one write a line.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { JsonLogEncoder } from '../src/monitor/json-log.ts';
import { LogFile } from '../src/monitor/log-file.ts';
import { speedUp } from '../src/monitor/tuning.ts';

const [writer, path = ''] = process.argv.slice(2);

if (writer === 'monitor') {
  const encoder = new JsonLogEncoder('stdout');
  const file = new LogFile(path, { maxFiles: 1, compress: false });
  let written = 0;
  process.stdin.on('data', (chunk: Buffer) => {
    file.write(encoder.push(chunk, new Date().toISOString()));
    if (written < 1 << 20 && written + chunk.length >= 1 << 20) speedUp();
    written += chunk.length;
  });
  process.stdin.once('end', () => {
    file.write(encoder.end(new Date().toISOString()));
    file.close();
  });
} else {
  const descriptor = openSync(path, 'a');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const record = { log: `${line}\n`, stream: 'stdout', time: new Date().toISOString() };
    writeSync(descriptor, `${JSON.stringify(record)}\n`);
  });
  lines.once('close', () => closeSync(descriptor));
}
