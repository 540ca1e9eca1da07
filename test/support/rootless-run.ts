/**
 * Started by the test of rootless sandboxes as an ordinary user: one life of a sandbox, told as one line of JSON. Argument:
 * data root.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openTestHost } from './linux-host.ts';
import { runProgram } from './run-program.ts';

const root = process.argv[2] ?? '';
const host = openTestHost({ root });
const id = host.environment.newId();
const layer = host.layer('layer', { 'app/a.txt': 'given' });
const system = await host.compute.create(id, host.document(id, { layers: [layer] }));
await system.start();
const typed = await runProgram(system, 'cmd /c type C:\\APP\\a.txt');
await runProgram(system, 'cmd /c del C:\\app\\a.txt & echo new> C:\\app\\b.txt');
await runProgram(system, 'reg add HKLM\\Software\\Rootless /v v /d 1 /f');
const exit = await runProgram(system, 'cmd /c exit 300000');
const terminal = await system.createProcess({
  CommandLine: 'cmd /c echo on terminal',
  EmulateConsole: true,
  CreateStdInPipe: true,
  CreateStdOutPipe: true,
});
const shown = await text(terminal.stdout!);
await terminal.waitExit();
const statistics = await system.statistics();
const processes = (await system.processes()).length;
await system.shutdown();
const end = await system.waitExit();
const scratch = join(host.paths.windowsfilter, id);
process.stdout.write(
  `${JSON.stringify({
    uid: process.geteuid!(),
    typed: typed.out,
    exitCode: exit.exitCode,
    terminal: shown.includes('on terminal'),
    usesTime: statistics.totalRuntime100ns > 0n,
    processes,
    end: end.kind,
    upper: readdirSync(join(scratch, 'diff', 'app')).sort(),
    delta: readFileSync(join(scratch, 'Hives', 'porthole-system.delta'), 'utf8'),
    left: existsSync(join(host.paths.run, id)),
    limits: (await host.compute.host()).limits,
  })}\n`,
);
host.dispose();
