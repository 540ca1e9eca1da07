/**
 * A command process for crash tests: `crash-cli ROOT MONITOR VERB NAME [COMMAND]`. Prints `created ID`, `started ID` and
 * `exited ID CODE` as soon as each is confirmed.
 */
import { aCreateRequest } from './create-request.ts';
import { crashContainers } from './crash-engine.ts';

async function main(): Promise<void> {
  const [root = '', monitor = '', verb = '', name = '', command = ''] = process.argv.slice(2);
  const containers = crashContainers(root, monitor);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  if (verb === 'run' || verb === 'run-rm') {
    const { Id: id } = await containers.create(
      aCreateRequest({
        Cmd: ['sh', '-c', command],
        HostConfig: { NetworkMode: 'none', AutoRemove: verb === 'run-rm' },
      }),
      { name },
    );
    say(`created ${id}`);
    const session = await containers.attach(id, { stdout: true });
    session.stdout.resume();
    const { exit } = await containers.wait(id, verb === 'run-rm' ? 'removed' : 'next-exit');
    exit.catch(() => undefined);
    await containers.start(id);
    say(`started ${id}`);
    const { StatusCode: code } = await exit;
    say(`exited ${id} ${code}`);
  } else if (verb === 'stop') await containers.stop(name, { timeout: 0 });
  else if (verb === 'rm') await containers.remove(name, { force: true });
  else throw new Error(`unknown verb ${verb}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
