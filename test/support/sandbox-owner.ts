/**
 * Started as a process of its own by tests: holds a compute system, so that killing it is killing a monitor. Arguments: data
 * root, Wine folder, command line. Prints one JSON line when the process runs.
 */
import { openTestHost } from './linux-host.ts';

const [, , root = '', commandLine = ''] = process.argv;
const host = openTestHost({ root });
const id = host.environment.newId();
const system = await host.compute.create(id, host.document(id));
await system.start();
const child = await system.createProcess({ CommandLine: commandLine });
process.stdout.write(`${JSON.stringify({ id, pid: child.pid })}\n`);
setInterval(() => undefined, 1000);
