import { expect } from 'chai';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const id = `sha256:${'1f'.repeat(32)}`;
const committed: RecordedRoute = { method: 'POST', path: '/commit', status: 201, json: { Id: id } };
const refusal = (path: string, method: string, message: string): RecordedRoute => ({
  ...{ method, path, status: 500, json: { message } },
});

async function run(argv: string[], routes: RecordedRoute[] = []) {
  const engine = new ScriptedEngine(routes);
  const { exitCode, stdout, stderr } = await runCommand(argv, { engine });
  const requests = engine.requests.map(({ method, target }) => `${method} ${decodeURIComponent(target)}`);
  return { exitCode, stdout, stderr, requests };
}

const help = (command: string, usage: string): string =>
  `\nUsage:  porthole ${command} ${usage}\n\nRun 'porthole ${command} --help' for more information\n`;
const commitUsage = help('commit', '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]');

describe('commit', () => {
  it('prints the ID of the image', async () => {
    expect(await run(['commit', 'web'], [committed])).to.deep.equal({
      exitCode: 0,
      stdout: `${id}\n`,
      stderr: '',
      requests: ['POST /commit?author=&comment=&container=web&repo=&tag='],
    });
  });

  it('asks for everything that its flags say, in the order in which they were given', async () => {
    const argv = ['container', 'commit', '-a', 'me', '--message=why', '-p=false'];
    const changes = ['-c', 'ENV A=1', '--change', 'CMD ["x", "y"]'];

    expect(
      (await run([...argv, ...changes, 'web', 'localhost:5000/a/b:1'], [committed])).requests,
    ).to.deep.equal([
      'POST /commit?author=me&changes=ENV+A=1&changes=CMD+["x",+"y"]&comment=why&container=web&pause=0' +
        '&repo=localhost:5000/a/b&tag=1',
    ]);
  });

  it('answers with the wire’s document under --json', async () => {
    expect(JSON.parse((await run(['commit', '--json', 'web'], [committed])).stdout)).to.deep.equal({
      Id: id,
    });
  });

  it('explains itself in 80 columns as the released client does, then its own part', async () => {
    const { stdout } = await run(['commit', '--help']);

    expect(stdout.split('\nPorthole Options:')[0]).to.equal(
      [
        'Usage:  porthole commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
        '',
        "Create a new image from a container's changes",
        '',
        'Aliases:',
        '  porthole container commit, porthole commit',
        '',
        'Options:',
        '  -a, --author string    Author (e.g., "John Hannibal Smith',
        '                         <hannibal@a-team.com>")',
        '  -c, --change list      Apply Dockerfile instruction to the created image',
        '  -m, --message string   Commit message',
        '  -p, --pause            Pause container during commit (default true)',
        '',
      ].join('\n'),
    );
  });

  // What docker 28.2.2 prints for the same words.
  const wrong: [words: string[], stderr: string, exitCode?: number][] = [
    [[''], 'invalid container name or ID: value is empty\n'],
    [[' '], 'invalid container name or ID: value is empty\n'],
    [['web', 'A:b'], 'invalid reference format: repository name (library/A) must be lowercase\n'],
    [['web', `a@sha256:${'a'.repeat(64)}`], 'refusing to create a tag with a digest reference\n'],
    [[], `porthole: 'porthole commit' requires at least 1 and at most 2 arguments\n${commitUsage}`],
    [
      // Flags end at the container.
      ['web', 'app', '-m', 'x'],
      `porthole: 'porthole commit' requires at least 1 and at most 2 arguments\n${commitUsage}`,
    ],
    [
      ['-p=maybe', 'x'],
      `invalid argument "maybe" for "-p, --pause" flag: strconv.ParseBool: parsing "maybe": invalid syntax\n${commitUsage}`,
      125,
    ],
    [['-c'], `flag needs an argument: 'c' in -c\n${commitUsage}`, 125],
  ];
  for (const [words, stderr, exitCode = 1] of wrong) {
    it(`refuses ${JSON.stringify(words)} without asking the engine`, async () => {
      const result = await run(['commit', ...words]);

      expect(result).to.deep.equal({ exitCode, stdout: '', stderr, requests: [] });
    });
  }

  it('prints what the engine refuses', async () => {
    const message = 'windows does not support commit of a running container';

    expect(await run(['commit', 'web'], [refusal('/commit', 'POST', message)])).to.deep.include({
      exitCode: 1,
      stdout: '',
      stderr: `Error response from daemon: ${message}\n`,
    });
  });
});

describe('diff', () => {
  const changes = [
    { Path: 'Files/app', Kind: 1 },
    { Path: 'Files/Windows/a b.txt', Kind: 0 },
    { Path: 'Files/gone', Kind: 2 },
  ];
  const route = (json: unknown): RecordedRoute => ({ method: 'GET', path: '/containers/web/changes', json });

  it('prints a letter and a path for each change, in the engine’s order', async () => {
    expect(await run(['diff', 'web'], [route(changes)])).to.deep.include({
      exitCode: 0,
      stdout: 'A Files/app\nC Files/Windows/a b.txt\nD Files/gone\n',
      stderr: '',
    });
    expect((await run(['container', 'diff', 'web'], [route(null)])).stdout).to.equal('');
  });

  it('answers with the wire’s list under --json', async () => {
    expect(JSON.parse((await run(['diff', '--json', 'web'], [route(changes)])).stdout)).to.deep.equal(
      changes,
    );
    expect(JSON.parse((await run(['diff', '--json', 'web'], [route(null)])).stdout)).to.deep.equal([]);
  });

  it('refuses what names no container', async () => {
    expect((await run(['diff', ''])).stderr).to.equal('Container name cannot be empty\n');
    expect((await run(['diff', ' '])).stderr).to.equal('invalid container name or ID: value is empty\n');
    expect((await run(['diff', 'a', 'b'])).stderr).to.equal(
      `porthole: 'porthole diff' requires 1 argument\n${help('diff', 'CONTAINER')}`,
    );
  });
});
