/** The monitor process: one JSON document in, one JSON line out, then a container's life (design.md 8). */
import { dataPaths } from '../state/paths.ts';
import { monitorDeps, once } from '../engine/local/services.ts';
import { openHost, prepareProcess } from '../host/open.ts';
import type { Environment } from '../environment.ts';
import type { Host } from '../host/host.ts';
import { toWireError } from './protocol.ts';
import type { BootstrapAnswer, BootstrapDocument } from './protocol.ts';
import { serveContainer } from './serve.ts';
import { shrinkSoon, speedUp } from './tuning.ts';

async function readDocument(): Promise<BootstrapDocument> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text) as BootstrapDocument;
}

function environmentOf(document: BootstrapDocument): Environment {
  return {
    ...document.environment,
    env: process.env,
    cwd: document.environment.dataRoot,
    now: Date.now,
    newId: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
  };
}

/** The parent reads one line and lets go; from then on nobody reads. */
function answer(line: BootstrapAnswer): Promise<void> {
  return new Promise((resolve) => process.stdout.end(`${JSON.stringify(line)}\n`, () => resolve()));
}

async function main(): Promise<void> {
  process.stdout.on('error', () => undefined);
  // Signals to the caller's process group or session are not meant for the container.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  let done: Promise<void> = Promise.resolve();
  try {
    const document = await readDocument();
    const given = environmentOf(document);
    prepareProcess(given);
    const session =
      given.recording === undefined
        ? undefined
        : await (
            await import('../host/recording.ts')
          ).joinRecording(given, `monitor:${document.containerId}:${process.pid}`);
    const environment = session?.environment ?? given;
    const paths = dataPaths(environment.dataRoot);
    const open = (): Promise<Host> => openHost(given, paths);
    const host = once(() => session?.host(open) ?? open());
    const deps = {
      ...(await monitorDeps({ environment, paths, host })),
      onSettled: shrinkSoon,
      onBusy: speedUp,
    };
    const served = await serveContainer(deps, document.containerId, process.pid);
    ({ done } = served);
    await answer(served.answer);
  } catch (error) {
    await answer({ kind: 'error', error: toWireError(error) });
  }
  await done;
  process.exit(0);
}

void main();
