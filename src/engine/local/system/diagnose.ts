/** `doctor`: facts of the host and the store, the checks over them, and the repairs that are safe. */
import { chmodSync, statSync } from 'node:fs';
import { describeHost, diagnose } from '../../../doctor/diagnose.ts';
import { repairText } from '../../../doctor/check.ts';
import type { CheckResult, Repair } from '../../../doctor/check.ts';
import { asError, PortholeError } from '../../../errors/porthole-error.ts';
import type { HostFactsPort } from '../../../host/ports/host-facts.ts';
import type { Diagnosis, DoctorRepair } from '../../roles/index.ts';
import type { CallOptions } from '../../roles/containers.ts';
import type { SystemDeps } from './service.ts';
import { readStoreFacts } from './store-facts.ts';

export type DiagnoseDeps = Pick<
  SystemDeps,
  'environment' | 'paths' | 'facts' | 'sweepStore' | 'unneededContent' | 'hostObjects'
>;

export async function diagnoseHost(
  deps: DiagnoseDeps,
  { fix = false, signal }: CallOptions & { fix?: boolean } = {},
): Promise<Diagnosis> {
  const port = await deps.facts();
  const look = async (): Promise<{ host: string; results: CheckResult[] }> => {
    const host = await port.read(signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    return {
      host: describeHost(host),
      results: diagnose(
        host,
        {
          ...readStoreFacts(deps.paths, deps.environment.now()),
          // A host that cannot be opened is what other checks tell of.
          unneeded: await deps.unneededContent().catch(() => undefined),
        },
        await deps.hostObjects.read(host),
      ),
    };
  };
  let found = await look();
  let repairs: DoctorRepair[] | undefined;
  if (fix) {
    repairs = [];
    for (const { id, repair } of found.results) {
      signal?.throwIfAborted();
      if (repair !== undefined) repairs.push(await attempt(deps, port, id, repair));
    }
    if (repairs.length > 0) found = await look();
  }
  return {
    host: found.host,
    checks: found.results.map(({ id, status, fact, fix: steps, repair }) => ({
      id,
      status,
      fact,
      fix: [...steps],
      ...(repair === undefined ? {} : { repair: repairText(repair) }),
    })),
    ...(repairs === undefined ? {} : { repairs }),
  };
}

async function attempt(
  deps: DiagnoseDeps,
  port: HostFactsPort,
  check: string,
  repair: Repair,
): Promise<DoctorRepair> {
  const text = repairText(repair);
  try {
    await perform(deps, port, repair);
    return { check, text, done: true };
  } catch (error) {
    return { check, text, done: false, error: asError(error).message };
  }
}

async function perform(deps: DiagnoseDeps, port: HostFactsPort, repair: Repair): Promise<void> {
  switch (repair.kind) {
    case 'protect-data-root':
      chmodSync(repair.path, statSync(repair.path).mode & 0o7755);
      return;
    case 'start-service':
      if (port.startService === undefined) {
        throw new PortholeError('notImplemented', 'SERVICE_START', 'services cannot be started from here');
      }
      await port.startService(repair.service);
      return;
    case 'sweep-store':
      await deps.sweepStore();
      return;
    case 'release-containers':
      await deps.hostObjects.release(repair.containers);
  }
}
