import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Host } from '../../../../src/host/host.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';

/** A host whose process ends at once, while its output stays in the pipe until the published ports are closed. */
function lateHost(host: Host, output: PassThrough): Host {
  const { compute, network } = host;
  return {
    ...host,
    compute: {
      ...compute,
      create: async (...args) => {
        const system = await compute.create(...args);
        const createProcess = system.createProcess.bind(system);
        system.createProcess = async (...rest) => {
          const process = await createProcess(...rest);
          return Object.defineProperty(process, 'stdout', { value: output });
        };
        return system;
      },
    },
    network: {
      ...network,
      publish: async (...args) => {
        const publication = await network.publish!(...args);
        return {
          ...publication,
          close: async () => {
            output.write('late\n');
            // Streams pass on what they have in a later turn.
            await new Promise((resolve) => setImmediate(resolve));
            await publication.close();
          },
        };
      },
    },
  };
}

describe('output that comes after the end', () => {
  it('is in the log when a client saw it', async () => {
    const output = new PassThrough();
    output.write('unfinished');
    await using engine = memoryEngine({
      programs: { 'app.exe': () => 0 },
      wrap: (host) => lateHost(host, output),
    });
    const { Id: id } = await engine.containers.create(
      aCreateRequest({ HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } } }),
      { name: 'web' },
    );
    const session = await engine.containers.attach(id, { stdout: true, stderr: true });
    const seen = text(session.stdout);
    session.stderr?.resume();
    await engine.containers.start(id);
    const attached = await seen;
    await engine.quiet();
    const logs = await engine.containers.logs(id, { stdout: true, stderr: true });
    logs.stderr?.resume();

    expect(attached).to.equal('unfinishedlate\n');
    expect(await text(logs.stdout)).to.equal(attached);
  });
});
