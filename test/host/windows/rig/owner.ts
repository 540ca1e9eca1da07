/** A process that owns a compute system until it is killed: `owner computecore|vmcompute ID` prints its process' ID. */
import { compute, hypervDocument, v2Document } from './hosts.ts';

const [schema, id = ''] = process.argv.slice(2);

async function own(): Promise<void> {
  const system = await compute().create(id, schema === 'vmcompute' ? hypervDocument(id) : v2Document());
  await system.start();
  const waiting = await system.createProcess({
    CommandLine: 'cmd /c set /p LINE=',
    CreateStdInPipe: true,
    CreateStdOutPipe: true,
  });
  process.stdout.write(`${waiting.pid}\n`);
  await waiting.waitExit();
}

void own();
