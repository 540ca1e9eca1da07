/**
 * What linting costs, against a bare Node.js: one small file, 200 real files in one process, and files of 2.5, 5 and 10 MB of
 * several kinds (linear time and memory). All of a round run one after the other, so that a busy moment hits all alike; CPU
 * time (user and system) of all rounds together, which a busy machine disturbs less than wall time.
 *
 * `node bench/lint.ts [ROUNDS]`, after `npm run build`. The real files are those of the conformance data beside the checkout,
 * each as often as it takes; without them the project's own fixtures.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDockerfileName } from '../src/lint/find-files.ts';

const rounds = Number(process.argv[2] ?? 20);
const root = resolve(import.meta.dirname, '..');
const cli = join(root, 'bin/run.js');
const preload = join(import.meta.dirname, 'lint-memory.mjs');
if (!existsSync(join(root, 'dist/hot/lint.js'))) throw new Error('dist/ is not built: npm run build');

const work = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'porthole-lint-bench-'));
const memoryFile = join(work, 'memory');
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
  LINT_BENCH_MEMORY: memoryFile,
};

/** CPU time of all children so far, in milliseconds: fields 16 and 17 of /proc/self/stat, 10 ms a tick. */
function childrenCpu(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function realFiles(): string[] {
  const shared = resolve(root, '../shared/conformance/dockerfile/realworld');
  const from = existsSync(shared) ? shared : join(root, 'fixtures');
  return readdirSync(from, { recursive: true, encoding: 'utf8' })
    .filter((path) => isDockerfileName(path.split(/[\\/]/).at(-1)!))
    .map((path) => join(from, path));
}

/** `count` copies in folders of their own, as a repository has them. */
function manyFiles(count: number): string {
  const folder = join(work, 'many');
  const real = realFiles();
  for (let index = 0; index < count; index++) {
    mkdirSync(join(folder, `image-${index}`), { recursive: true });
    cpSync(real[index % real.length]!, join(folder, `image-${index}`, 'Dockerfile'));
  }
  return folder;
}

interface Candidate {
  readonly name: string;
  readonly args: readonly string[];
}

function run(args: readonly string[]): number {
  const before = childrenCpu();
  const ended = spawnSync(process.execPath, args, {
    cwd: work,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (ended.error) throw ended.error;
  return childrenCpu() - before;
}

function alternate(candidates: readonly Candidate[]): Map<string, { wall: number; cpu: number }> {
  const walls = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  const cpus = new Map(candidates.map(({ name }) => [name, 0]));
  for (let round = -2; round < rounds; round++) {
    for (const { name, args } of candidates) {
      const started = process.hrtime.bigint();
      const cpu = run(args);
      // The first rounds fill caches: the kernel's and V8's.
      if (round < 0) continue;
      walls.get(name)!.push(Number(process.hrtime.bigint() - started) / 1e6);
      cpus.set(name, cpus.get(name)! + cpu);
    }
  }
  return new Map(
    candidates.map(({ name }) => [name, { wall: median(walls.get(name)!), cpu: cpus.get(name)! / rounds }]),
  );
}

const head = '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n';
/** Long files: what real ones consist of, and the shapes that tempt a linter to look at everything again and again. */
const long: Readonly<Record<string, (bytes: number) => string>> = {
  mixed: (bytes) =>
    head +
    (
      'COPY app.exe C:/app/\nENV APP_HOME=C:/app MODE="release build"\n# what the next step is for\n' +
      'RUN dotnet restore C:/app/app.csproj && `\n    dotnet publish -c Release -o C:/out C:/app/app.csproj\n'
    ).repeat(bytes / 200),
  'one long RUN': (bytes) => head + `RUN echo start ${'&& `\n    echo another-step '.repeat(bytes / 26)}\n`,
  variables: (bytes) => {
    let text = head;
    for (let index = 0; text.length < bytes; index++)
      text += `ENV V${index}=x\nCOPY file$V${index} C:/app/\n`;
    return text;
  },
  'here-document': (bytes) => `FROM debian:12\nRUN <<EOF\n${'echo one more line\n'.repeat(bytes / 19)}EOF\n`,
};

try {
  const small = join(work, 'Dockerfile');
  writeFileSync(small, `${head}WORKDIR C:/app\nCOPY . .\nCMD ["app.exe"]\n`);
  const folder = manyFiles(200);
  const measured = alternate([
    { name: 'bare', args: ['-e', '0'] },
    { name: 'small', args: [cli, 'lint', small] },
    { name: 'many', args: [cli, 'lint', folder] },
  ]);
  const bare = measured.get('bare')!;
  const one = measured.get('small')!;
  const many = measured.get('many')!;
  const limit = 1.5 * bare.cpu + 200;
  const rows = [
    `| one small file, wall / bare | ${(one.wall / bare.wall).toFixed(2)} (${one.wall.toFixed(0)} ms; CPU ${(one.cpu / bare.cpu).toFixed(2)}) | <= 1.6 | ${one.wall <= 1.6 * bare.wall ? 'yes' : 'no'} |`,
    `| 200 real files, CPU | ${many.cpu.toFixed(0)} ms | <= 1.5 x ${bare.cpu.toFixed(0)} ms + 200 ms = ${limit.toFixed(0)} ms | ${many.cpu <= limit ? 'yes' : 'no'} |`,
  ];
  run(['--import', preload, '-e', '0']);
  const bareMemory = Number(readFileSync(memoryFile, 'utf8'));
  for (const [name, make] of Object.entries(long)) {
    const costs = [2.5, 5, 10].map((megabytes) => {
      const path = join(work, 'Dockerfile.long');
      writeFileSync(path, make(megabytes * 1e6));
      const cpu = run(['--import', preload, cli, 'lint', '--format', 'compact', path]) - bare.cpu;
      const memory = Number(readFileSync(memoryFile, 'utf8')) - bareMemory;
      return { cpu: cpu / megabytes, memory: memory / 1024 / megabytes };
    });
    const last = costs.at(-1)!;
    rows.push(
      `| 10 MB, ${name}: CPU a MB (2.5, 5, 10 MB) | ${costs.map(({ cpu }) => cpu.toFixed(0)).join(', ')} ms | < 1000 ms | ${last.cpu < 1000 ? 'yes' : 'no'} |`,
      `| 10 MB, ${name}: memory a MB | ${costs.map(({ memory }) => memory.toFixed(0)).join(', ')} MB | < 50 MB | ${last.memory < 50 ? 'yes' : 'no'} |`,
    );
  }
  console.log(`Node.js ${process.versions.node}, ${rounds} rounds, bare start ${bare.wall.toFixed(0)} ms, ${bare.cpu.toFixed(0)} ms CPU.

| what | measured | goal | met |
|---|---|---|---|
${rows.join('\n')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
