/**
 * Random lives of containers with failures injected at random: whatever happens, cleaning up leaves no compute system, no
 * process, endpoint, namespace, network, handle or string. `PORTHOLE_RIG_LIVES` says how many (1,000 at length).
 */
import { expect } from 'chai';
import type { ComputePort, ComputeProcess, ComputeSystem } from '../../../../src/host/ports/compute.ts';
import type { NetworkPort } from '../../../../src/host/ports/network.ts';
import { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../../src/hcs/hresult.ts';
import { HNS, HnsError } from '../../../../src/hns/hns-error.ts';
import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { compute, guardedDocument, hypervDocument, mountedDocument, v2Document, views } from './hosts.ts';
import { clearFaults, expectNothingOpen, failNext, setMode, world, type Fault } from './standins.ts';

const lives = Number(process.env['PORTHOLE_RIG_LIVES'] ?? 30);
/** Lives of one test. */
const batch = 10;
const firstSeed = Number(process.env['PORTHOLE_RIG_SEED'] ?? 1);

/** Numbers from 0 to 1, the same for a seed every time. */
function numbers(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 3_266_489_917);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

const computeCalls = [
  ...['HcsCreateComputeSystem', 'HcsOpenComputeSystem', 'HcsStartComputeSystem', 'HcsPauseComputeSystem'],
  ...['HcsResumeComputeSystem', 'HcsShutDownComputeSystem', 'HcsShutdownComputeSystem'],
  ...['HcsTerminateComputeSystem', 'HcsGetComputeSystemProperties', 'HcsCreateProcess', 'HcsGetProcessInfo'],
  ...['HcsTerminateProcess', 'HcsSignalProcess', 'HcsModifyProcess', 'HcsGetProcessProperties'],
  ...['HcsSetProcessCallback', 'HcsSetComputeSystemCallback', 'HcsRegisterProcessCallback'],
  ...['HcsRegisterComputeSystemCallback', 'HcsWaitForOperationResult', 'HcsCreateOperation'],
  ...['HcsWaitForOperationResultAndProcessInfo', 'HcsEnumerateComputeSystems'],
  ...['HcsModifyServiceSettings', 'HcsGetServiceProperties'],
];
const networkCalls = [
  ...['HNSCall', 'HcnCreateNamespace', 'HcnOpenNamespace', 'HcnModifyNamespace', 'HcnDeleteNamespace'],
  ...['HcnQueryNamespaceProperties', 'HcnEnumerateNamespaces'],
];
const codes = [
  ...[HRESULT.unexpectedExit, HRESULT.connectionTimeout, HRESULT.accessDenied, HRESULT.outOfMemory],
  ...[HRESULT.systemAlreadyStopped, HRESULT.invalidState, HRESULT.operationTimeout, HRESULT.elementNotFound],
];
const documents = [undefined, '{"ErrorEvents":[{"Message":"broken"}]}', 'not JSON', '[]'];

class Life {
  readonly #random: () => number;
  readonly #port: ComputePort;
  readonly #network: NetworkPort;
  readonly #ids: string[];
  readonly systems: ComputeSystem[] = [];
  readonly processes: ComputeProcess[] = [];
  readonly overlapping: Promise<unknown>[] = [];
  readonly exits: Promise<unknown>[] = [];
  readonly surprises: unknown[] = [];

  constructor(seed: number, port: ComputePort, network: NetworkPort) {
    this.#random = numbers(seed);
    this.#port = port;
    this.#network = network;
    this.#ids = [`life-${seed}-a`, `life-${seed}-b`];
  }

  async run(): Promise<void> {
    setMode(this.#pick(['', 'early', 'prompt', 'early prompt', 'envelope', 'silent']));
    const steps = 4 + Math.floor(this.#random() * 8);
    for (let index = 0; index < steps; index += 1) {
      if (this.#random() < 0.45) this.#fault();
      const step = this.#step();
      // Some steps overlap.
      if (this.#random() < 0.3) this.overlapping.push(this.#tolerated(step()));
      else await this.#tolerated(step());
    }
  }

  async cleanUp(): Promise<void> {
    clearFaults();
    for (const process of this.processes) if (this.#random() < 0.5) process.close();
    for (const system of this.systems) if (this.#random() < 0.5) system.close();
    // A step under way may create what cleaning has just looked for: as an owner, it ends first.
    await Promise.all(this.overlapping);
    clearFaults();
    setMode('');
    for (const id of this.#ids) await this.#port.cleanup(id);
    for (const process of this.processes) process.close();
    for (const system of this.systems) system.close();
    await Promise.all(this.exits);
    for (const id of await this.#network.listNamespaces()) await this.#network.deleteNamespace(id);
    for (const { ID } of await this.#network.listNetworks()) await this.#network.deleteNetwork(ID!);
  }

  #fault(): void {
    const fault: Fault = {
      countdown: 1 + Math.floor(this.#random() * 2),
      ...this.#pick<Fault>([{}, { late: 'undone' }, { late: 'done' }]),
    };
    const document = this.#pick(documents);
    const name = this.#pick(this.#random() < 0.75 ? computeCalls : networkCalls);
    const code = name.startsWith('Hcn') || name === 'HNSCall' ? HNS.degradedOperation : this.#pick(codes);
    failNext(name, code, document === undefined ? fault : { ...fault, document });
  }

  #step(): () => Promise<unknown> {
    const id = this.#pick(this.#ids);
    const system = this.systems.length === 0 ? undefined : this.#pick(this.systems);
    const process = this.processes.length === 0 ? undefined : this.#pick(this.processes);
    const command = this.#pick(['cmd /c exit 3', 'cmd /c echo x', 'cmd /c set /p LINE=', 'no-such-program']);
    const console = this.#random() < 0.2;
    const late = this.#random() < 0.3;
    const create = async (): Promise<void> => {
      const document = this.#pick([
        ...[v2Document(), guardedDocument(), hypervDocument(id), hypervDocument(id)],
        mountedDocument(),
      ]);
      const created = await this.#port.create(id, document);
      this.systems.push(created);
      if (!late) await created.start();
    };
    const run = async (): Promise<void> => {
      const started = await system!.createProcess({
        CommandLine: command,
        WorkingDirectory: 'C:\\',
        CreateStdInPipe: true,
        CreateStdOutPipe: true,
        ...(console ? { EmulateConsole: true } : { CreateStdErrPipe: true }),
      });
      this.processes.push(started);
      started.stdout!.resume().on('error', () => undefined);
      started.stderr?.resume().on('error', () => undefined);
    };
    const wait = async (): Promise<void> => {
      this.exits.push(this.#tolerated(process!.waitExit()));
    };
    const watch = async (): Promise<void> => {
      this.exits.push(this.#tolerated(system!.waitExit()));
    };
    const connect = async (): Promise<void> => {
      const on = await this.#network.createNetwork({ Name: `${id}-net`, Type: 'nat' });
      const endpoint = await this.#network.createEndpoint({ VirtualNetwork: on.ID! });
      const namespace = await this.#network.createNamespace();
      await this.#network.attachEndpoint(namespace, endpoint.ID!);
    };
    const none = [create, create, connect];
    if (system === undefined) return this.#pick(none);
    const some = [
      ...[...none, run, run, run, watch, () => system.start(), () => system.shutdown()],
      ...[() => system.terminate(), () => system.pause(), () => system.resume(), () => system.statistics()],
      ...[
        () => system.processes(),
        () => this.#port.list(),
        () => this.#port.open(id).then((each) => void this.systems.push(each)),
      ],
      ...[() => this.#port.cleanup(id)],
    ];
    if (process === undefined) return this.#pick(some);
    return this.#pick([
      ...[...some, wait, wait, () => process.kill(), () => process.signal('CtrlC')],
      ...[() => process.resize(10, 20), async () => void process.stdin!.end(), async () => process.close()],
    ]);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }

  /** Failures are what this is about; only one that is no error of the ports is a surprise. */
  async #tolerated(promise: Promise<unknown>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      if (!(error instanceof HcsError) && !(error instanceof HnsError)) this.surprises.push(error);
    }
  }
}

describe(`${lives} random lives with failures`, function () {
  this.timeout(60_000);
  const port = compute();
  // One process: the lock between processes has tests of its own.
  const network = createWindowsNetwork({ exclusively: (work) => work() });
  after(() => setMode(''));

  for (let from = firstSeed; from < firstSeed + lives; from += batch)
    it(`${from} and the next leave nothing`, async () => {
      for (let seed = from; seed < Math.min(from + batch, firstSeed + lives); seed += 1) {
        const life = new Life(seed, port, network);
        await life.run();
        await life.cleanUp();
        expect(life.surprises, `seed ${seed}`).to.deep.equal([]);
        expect(world(), `seed ${seed}`).to.deep.equal({
          systems: 0,
          processes: 0,
          credentials: 0,
          networks: 0,
          endpoints: 0,
          namespaces: 0,
        });
        expect(views(), `seed ${seed}`).to.deep.equal([]);
        await expectNothingOpen(`seed ${seed}`);
      }
    });
});
