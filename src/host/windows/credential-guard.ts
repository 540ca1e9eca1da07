/**
 * Instances of the credential guard, which hold the group managed service account of a process-isolated container
 * (hcs.md 6.5). HCS never removes one by itself: each is removed when its container's system was not made, and by `cleanup`.
 */
import type { ContainerV2Document, CredentialGuard } from '../../hcs/documents.ts';
import { HcsError, isNotExist, isNotSupported } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import { answerOf, failure } from './hcs-failure.ts';
import type { HcsServiceDriver } from './hcs-driver.ts';

const propertyType = 'ContainerCredentialGuard';
const addOp = 'AddCredentialGuard';
const listOp = 'CredentialGuards';
const removeOp = 'RemoveCredentialGuard';

interface Instance {
  readonly Id?: string;
  readonly CredentialGuard?: CredentialGuard;
}

/** The document with what the guard answered instead of what it was asked for; one without a credential spec as it is. */
export async function withCredentialGuard(
  service: HcsServiceDriver,
  id: string,
  document: ContainerV2Document,
): Promise<ContainerV2Document> {
  const asked = document.Container.ContainerCredentialGuard;
  if (asked === undefined) return document;
  const { CredentialSpec, Transport } = asked;
  await modify(service, addOp, id, 'AddInstance', { Id: id, CredentialSpec, Transport });
  try {
    const instance = (await instances(service, id)).find((each) => each.Id === id);
    if (instance?.CredentialGuard === undefined)
      throw new HcsError(listOp, HRESULT.elementNotFound, {
        systemId: id,
        events: ['HCS does not list the instance that it has just added'],
      });
    const guard = instance.CredentialGuard;
    return { ...document, Container: { ...document.Container, ContainerCredentialGuard: guard } };
  } catch (error) {
    await removeCredentialGuard(service, id).catch(() => undefined);
    throw error;
  }
}

/**
 * Removes the instance that another process may have left for a container. Nearly no container has one and some builds know
 * none, so a list that cannot be had is no failure.
 */
export async function removeLeftGuard(service: HcsServiceDriver, id: string): Promise<void> {
  const all = await instances(service, id).catch((error: unknown) => {
    if (error instanceof HcsError) return [];
    throw error;
  });
  if (all.some((each) => each.Id === id)) await removeCredentialGuard(service, id);
}

export async function removeCredentialGuard(service: HcsServiceDriver, id: string): Promise<void> {
  await modify(service, removeOp, id, 'RemoveInstance', { Id: id }).catch((error: unknown) => {
    if (!isNotExist(error)) throw error;
  });
}

async function instances(service: HcsServiceDriver, id: string): Promise<readonly Instance[]> {
  const result = await service.serviceProperties(JSON.stringify({ PropertyTypes: [propertyType] }));
  const error = failure(listOp, result, id);
  if (error !== undefined) throw error;
  const answer = answerOf<{ Properties?: ({ Instances?: Instance[] } | null)[] }>(listOp, result, {}, id);
  const found = Array.isArray(answer.Properties) ? answer.Properties[0]?.Instances : undefined;
  return Array.isArray(found) ? found : [];
}

async function modify(
  service: HcsServiceDriver,
  op: string,
  id: string,
  operation: 'AddInstance' | 'RemoveInstance',
  details: object,
): Promise<void> {
  const settings = {
    PropertyType: propertyType,
    Settings: { Operation: operation, OperationDetails: details },
  };
  const error = failure(op, await service.modifyService(JSON.stringify(settings)), id);
  if (error === undefined) return;
  if (op !== addOp || !isNotSupported(error)) throw error;
  throw new HcsError(op, error.hresult, {
    systemId: id,
    events: error.events,
    hint: 'check the credential spec with Get-CredentialSpec, or use --isolation=hyperv: this build of Windows may not take one for process isolation',
    cause: error,
  });
}
