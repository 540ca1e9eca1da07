/**
 * One compute system held by this process: a sandbox with Wine in it. Created -> start (namespaces, mounts, Wine boots, the
 * launcher serves) -> Running -> shutdown or terminate -> Stopped. What the sandbox left is recorded and removed before
 * `waitExit` resolves.
 */
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../../errors/porthole-error.ts';
import type { ProcessParameters } from '../../hcs/documents.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT, hresultFromWin32 } from '../../hcs/hresult.ts';
import { identityOf, ownIdentity } from '../../state/process-identity.ts';
import type {
  ComputeProcess,
  ComputeProcessInfo,
  ComputeStatistics,
  ComputeSystem,
  PortCall,
  SystemExit,
} from '../ports/compute.ts';
import { abortable } from './abortable.ts';
import { createCgroups, SandboxCgroups } from './cgroups.ts';
import type { ComputeContext } from './compute-context.ts';
import { openConsoleProcess } from './console-process.ts';
import { environmentBlock, variable } from './environment-block.ts';
import { prepareHives, recordHives, type PreparedHives } from './hives.ts';
import { computerNameOf, defaultUser, userOf } from './identity.ts';
import { Launcher, LauncherError } from './launcher-client.ts';
import { forever, type StartRequest } from './launcher-protocol.ts';
import { removeOverlayWork } from './overlay-work.ts';
import { PipedProcess } from './piped-process.ts';
import { stdioFlags, StreamSet } from './process-streams.ts';
import { processInfo } from './process-info.ts';
import { runFolder, writeRecord, type RunFolder, type SystemRecord } from './run-folder.ts';
import { planContainer } from './sandbox-container.ts';
import { SandboxHelper } from './sandbox-helper.ts';
import { explainSandboxFailure } from './sandbox-failure.ts';
import { SignalDeaths } from './signal-deaths.ts';
import { limitsOf, visibleProcessors } from './system-limits.ts';
import { statisticsOf } from './system-statistics.ts';
import type { SystemRequest } from './system-request.ts';
import { ensureTemplate } from './wine-template.ts';

/** Exit codes of processes whose system was ended: ERROR_PROCESS_ABORTED, or unknown. */
const abortedExitCode = 1067;
const unknownExitCode = 0xffffffff;

/** Windows kills what is left after this time, unless WaitToKillServiceTimeout says otherwise (hcs.md 8.10). */
const defaultShutdownMs = 5000;

export class LinuxSystem implements ComputeSystem {
  readonly id: string;
  readonly request: SystemRequest;
  readonly #context: ComputeContext;
  readonly #folder: RunFolder;
  readonly #exit = Promise.withResolvers<SystemExit>();
  readonly #hostname: string;
  #state: 'Created' | 'Running' | 'Paused' | 'Stopped' = 'Created';
  #ending: SystemExit['kind'] = 'unexpected';
  #helper: SandboxHelper | undefined;
  #sandboxPid = 0;
  #launcher: Launcher | undefined;
  /** Launchers of other accounts, started when first needed. */
  readonly #launchers = new Map<string, Promise<Launcher>>();
  #cgroups = new SandboxCgroups(new Map());
  readonly #deaths = new SignalDeaths(() => this.#cgroups.oomKills());
  #hives: PreparedHives | undefined;
  #streams = 0;
  #onGone: (() => void) | undefined;

  constructor(context: ComputeContext, id: string, request: SystemRequest, onGone: () => void) {
    this.#context = context;
    this.id = id;
    this.request = request;
    this.#folder = runFolder(context.paths.run, id);
    this.#hostname = request.hostname ?? id.slice(0, 12);
    this.#onGone = onGone;
    this.#writeRecord();
  }

  get state(): 'Created' | 'Running' | 'Paused' | 'Stopped' {
    return this.#state;
  }

  async start(call?: PortCall): Promise<void> {
    this.#expect('Start', 'Created');
    call?.signal?.throwIfAborted();
    try {
      await this.#boot(call);
      this.#state = 'Running';
      this.#writeRecord();
    } catch (error) {
      this.#helper?.kill();
      await this.#helper?.ended;
      this.#finish('unexpected');
      call?.signal?.throwIfAborted();
      throw this.#explain('Start', error);
    }
  }

  async shutdown(call?: PortCall): Promise<void> {
    this.#expect('Shutdown', 'Running', 'Paused');
    call?.signal?.throwIfAborted();
    this.#ending = 'shutdown';
    if (this.#state === 'Paused') await this.resume();
    await this.#launcher!.shutDown(this.#shutdownLimit()).catch(() => undefined);
  }

  async terminate(): Promise<void> {
    this.#expect('Terminate', 'Created', 'Running', 'Paused');
    this.#ending = 'terminated';
    if (this.#helper === undefined) this.#finish('terminated');
    else this.#helper.terminate();
  }

  async pause(): Promise<void> {
    this.#expect('Pause', 'Running');
    await this.#helper!.pause();
    this.#state = 'Paused';
    this.#writeRecord();
  }

  async resume(): Promise<void> {
    this.#expect('Resume', 'Paused');
    await this.#helper!.resume();
    this.#state = 'Running';
    this.#writeRecord();
  }

  async statistics(): Promise<ComputeStatistics> {
    this.#expect('Properties', 'Running', 'Paused');
    return statisticsOf(this.#cgroups, this.#sandboxPid);
  }

  async processes(): Promise<ComputeProcessInfo[]> {
    this.#expect('Properties', 'Running');
    try {
      return (await this.#launcher!.processes()).map(processInfo);
    } catch (error) {
      throw this.#explain('Properties', error);
    }
  }

  async createProcess(parameters: ProcessParameters, call?: PortCall): Promise<ComputeProcess> {
    this.#expect('CreateProcess', 'Running');
    call?.signal?.throwIfAborted();
    try {
      return parameters.EmulateConsole === true
        ? await this.#createOnConsole(parameters)
        : await this.#createPiped(parameters);
    } catch (error) {
      if (error instanceof LauncherError && namesPowerShell(parameters.CommandLine))
        throw new HcsError('System::CreateProcess', hresultFromWin32(error.code), {
          systemId: this.id,
          events: ['this image has no PowerShell'],
          hint: noPowerShellHint,
        });
      throw this.#explain('CreateProcess', error);
    }
  }

  waitExit(call?: PortCall): Promise<SystemExit> {
    return abortable(this.#exit.promise, call);
  }

  close(): void {
    // The sandbox lives until it is ended, or until this process is gone.
  }

  async #boot(call: PortCall | undefined): Promise<void> {
    const { request } = this;
    const [template, network] = await Promise.all([
      ensureTemplate(this.#context.template()),
      this.#context.network.prepare(
        request.namespaceId,
        // Sandboxes without a network share their files.
        request.namespaceId === undefined ? {} : { hostName: this.#hostname, dnsSearch: request.dnsSearch },
      ),
    ]);
    call?.signal?.throwIfAborted();
    for (const folder of [
      this.#folder.prefix,
      join(this.#folder.prefix, 'dosdevices'),
      join(this.#folder.prefix, 'drive_c'),
    ])
      mkdirSync(folder, { mode: 0o700 });
    for (const folder of [this.#folder.io, this.#folder.root, this.#folder.links])
      mkdirSync(folder, { mode: 0o755 });
    this.#limit();
    const plan = planContainer(this.#context, {
      request,
      folder: this.#folder,
      template,
      network,
      hostname: this.#hostname,
      cgroupFiles: this.#cgroups.procsFiles,
      visibleProcessors: visibleProcessors(request.processors),
    });
    for (const drive of plan.drives)
      symlinkSync(drive, join(this.#folder.prefix, 'dosdevices', `${drive.slice(1)}:`));
    const hives = {
      template,
      layers: request.layers,
      scratch: request.scratch,
      identity: {
        osVersion: this.#context.osVersionOf(request.layers, request.scratch),
        changes: request.registry,
      },
    };
    const log = openSync(this.#folder.log, 'a', 0o600);
    try {
      this.#helper = new SandboxHelper(this.#context.helper, plan.steps, log, (signal, name) =>
        this.#deaths.record(signal, name),
      );
    } finally {
      closeSync(log);
    }
    this.#writeRecord(hives);
    // The namespaces and mounts are made while the registry is put together.
    this.#hives = prepareHives(hives, this.#folder.prefix);
    this.#sandboxPid = await this.#helper.ready;
    this.#writeRecord();
    void this.#helper.ended.then(() => this.#ended());
    this.#launcher = new Launcher(join(this.#folder.io, 'ctl'));
    const uplink = network.started?.(this.#sandboxPid);
    this.#helper.go();
    await Promise.all([this.#launcher.ready, uplink]);
    call?.signal?.throwIfAborted();
  }

  #limit(): void {
    const places = this.#context.cgroups();
    this.#cgroups = createCgroups(places, this.id);
    const limits = limitsOf(this.request);
    const missing = [
      ...(limits.memoryBytes !== undefined && !this.#cgroups.has('memory') ? ['memory'] : []),
      ...((limits.processorTime !== undefined || limits.weight !== undefined) && !this.#cgroups.has('cpu')
        ? ['CPU']
        : []),
    ];
    if (missing.length > 0)
      throw new HcsError('System::Start', HRESULT.notSupported, {
        systemId: this.id,
        events: [
          `${missing.join(' and ')} limits are not available: ${places.why ?? 'no control group could be made'}`,
        ],
        hint: 'leave the limit out, or run where control groups may be created (as root, or in a delegated systemd scope)',
      });
    this.#cgroups.limit(limits);
  }

  async #createPiped(parameters: ProcessParameters): Promise<ComputeProcess> {
    const user = this.#user(parameters);
    const launcher = await this.#launcherFor(user);
    const streams = await StreamSet.open(this.#folder.io, this.#nextName(), stdioFlags(parameters), (path) =>
      this.#helper!.makeFifo(path),
    );
    try {
      const pid = await launcher.start(
        await this.#startRequest(parameters, user, stdioFlags(parameters), streams.inside),
      );
      return new PipedProcess(launcher, pid, streams.connect(), (code) =>
        this.#exitCode(parameters.CommandLine, code),
      );
    } catch (error) {
      streams.discard();
      throw error;
    }
  }

  async #createOnConsole(parameters: ProcessParameters): Promise<ComputeProcess> {
    const user = this.#user(parameters);
    const name = this.#nextName();
    return openConsoleProcess({
      user,
      context: this.#context,
      launcher: this.#launcher!,
      makeFifo: (path) => this.#helper!.makeFifo(path),
      folder: this.#folder,
      name,
      sandboxPid: this.#sandboxPid,
      cgroupFiles: this.#cgroups.procsFiles,
      parameters,
      request: await this.#startRequest(parameters, user, 0, `/io/${name}`),
      exitCode: (code) => this.#exitCode(parameters.CommandLine, code),
    });
  }

  #user(parameters: ProcessParameters): string {
    const user = userOf(parameters.User);
    if (user !== undefined) return user;
    throw new HcsError('System::CreateProcess', HRESULT.logonFailure, {
      systemId: this.id,
      events: [`unable to find user ${parameters.User}`],
      hint: 'the user must be ContainerUser or ContainerAdministrator: Wine keeps no other accounts',
    });
  }

  #launcherFor(user: string): Promise<Launcher> {
    if (user === defaultUser) return Promise.resolve(this.#launcher!);
    const known = this.#launchers.get(user);
    if (known !== undefined) return known;
    const started = this.#startLauncher(user);
    this.#launchers.set(user, started);
    started.catch(() => this.#launchers.delete(user));
    return started;
  }

  async #startLauncher(user: string): Promise<Launcher> {
    const channel = `ctl-${user}`;
    await Promise.all(['in', 'out'].map((end) => this.#helper!.makeFifo(`/io/${channel}.${end}`)));
    const launcher = new Launcher(join(this.#folder.io, channel));
    await this.#helper!.startLauncher(user, `/io/${channel}`);
    await launcher.ready;
    return launcher;
  }

  async #startRequest(
    parameters: ProcessParameters,
    user: string,
    stdio: number,
    stdioPath: string,
  ): Promise<StartRequest> {
    const processors = visibleProcessors(this.request.processors);
    const environment = environmentBlock({
      user,
      computerName: computerNameOf(this.#hostname),
      registry: await this.#launcher!.environment(),
      overrides: parameters.Environment ?? {},
      ...(processors === undefined ? {} : { processors }),
    });
    return {
      stdio,
      stdioPath,
      commandLine: parameters.CommandLine,
      directory: parameters.WorkingDirectory ?? 'C:\\',
      environment,
      path: variable(environment, 'PATH') ?? '',
    };
  }

  #nextName(): string {
    this.#streams += 1;
    return String(this.#streams);
  }

  #shutdownLimit(): number {
    const value = this.request.registry.find(
      (change) => change.Name.toLowerCase() === 'waittokillservicetimeout',
    );
    const milliseconds = Number(value?.StringValue ?? value?.DWordValue ?? defaultShutdownMs);
    if (!Number.isFinite(milliseconds)) return defaultShutdownMs;
    return milliseconds >= 0x7fffffff ? forever : milliseconds;
  }

  #ended(): void {
    this.#launcher?.lost();
    if (this.#state !== 'Created') this.#finish(this.#ending);
  }

  /** Runs once, when no process of the sandbox is left. */
  #finish(kind: SystemExit['kind']): void {
    if (this.#state === 'Stopped') return;
    this.#state = 'Stopped';
    this.#ending = kind;
    this.#launcher?.lost();
    for (const launcher of this.#launchers.values())
      void launcher.then((one) => one.lost()).catch(() => undefined);
    const oomKilled = this.#cgroups.oomKills() > 0;
    try {
      if (this.#hives !== undefined) recordHives(this.#hives);
    } finally {
      this.#cgroups.remove();
      removeOverlayWork(this.request.scratch);
      rmSync(this.#folder.path, { recursive: true, force: true });
      this.#onGone?.();
      this.#onGone = undefined;
      this.#exit.resolve({ kind, ...(oomKilled ? { oomKilled } : {}) });
    }
  }

  /** `code` is Wine's; undefined when nobody saw the end. */
  async #exitCode(commandLine: string, code: number | undefined): Promise<number> {
    if (code !== undefined) return this.#deaths.exitCode(commandLine, code);
    return this.#ending === 'unexpected' ? unknownExitCode : abortedExitCode;
  }

  #writeRecord(hives?: SystemRecord['hives']): void {
    if (this.#state === 'Stopped') return;
    const helper = this.#helper === undefined ? undefined : identityOf(this.#helper.pid);
    const sandbox = this.#sandboxPid === 0 ? undefined : identityOf(this.#sandboxPid);
    this.#record = {
      format: 1,
      id: this.id,
      owner: this.request.owner,
      state: this.#state,
      monitor: ownIdentity(),
      ...(helper === undefined ? {} : { helper }),
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(hives !== undefined
        ? { hives }
        : this.#record?.hives !== undefined
          ? { hives: this.#record.hives }
          : {}),
    };
    writeRecord(this.#folder, this.#record);
  }

  #record: SystemRecord | undefined;

  #expect(op: string, ...states: readonly LinuxSystem['state'][]): void {
    if (states.includes(this.#state)) return;
    throw this.#fail(op, this.#state === 'Stopped' ? HRESULT.systemAlreadyStopped : HRESULT.invalidState);
  }

  #fail(op: string, hresult: number): HcsError {
    return new HcsError(`System::${op}`, hresult, { systemId: this.id });
  }

  /** Every failure as an HcsError with the code that Windows would give. */
  #explain(op: string, thrown: unknown): Error {
    const error = asError(thrown);
    if (error instanceof HcsError) return error;
    if (error instanceof LauncherError) return this.#fail(op, hresultFromWin32(error.code));
    if (this.#state === 'Stopped' && op !== 'Start') return this.#fail(op, HRESULT.systemAlreadyStopped);
    return explainSandboxFailure(op, this.id, error, this.#folder.log);
  }
}

const noPowerShellHint =
  'Windows PowerShell needs the .NET Framework, which Wine does not have: use cmd, or an image that carries its own pwsh.exe';

/** Whether the first word of a command line is PowerShell's name, with or without path, quotes and ending. */
function namesPowerShell(commandLine: string): boolean {
  return /^"?(?:[^"]*[\\/])?(?:powershell|pwsh)(?:\.exe)?"?(?:\s|$)/i.test(commandLine.trimStart());
}
