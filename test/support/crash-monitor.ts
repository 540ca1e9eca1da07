/** A monitor process on the process host: started by the launcher as the real one is. */
import { monitorDeps, once } from '../../src/engine/local/services.ts';
import { serveContainer } from '../../src/monitor/serve.ts';
import type { BootstrapDocument } from '../../src/monitor/protocol.ts';
import { dataPaths } from '../../src/state/paths.ts';
import { crashEnvironment } from './crash-engine.ts';
import { processHost } from './process-host.ts';

async function main(): Promise<void> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
  const document = JSON.parse(text) as BootstrapDocument;
  const root = document.environment.dataRoot;
  const deps = await monitorDeps({
    environment: crashEnvironment(root),
    paths: dataPaths(root),
    host: once(async () => processHost(root)),
  });
  process.stdout.on('error', () => undefined);
  const { answer, done } = await serveContainer(deps, document.containerId, process.pid);
  process.stdout.end(`${JSON.stringify(answer)}\n`);
  await done;
  process.exit(0);
}

void main();
