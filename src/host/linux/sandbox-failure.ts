/** What a failed sandbox set-up means to a person. */
import { constants } from 'node:os';
import { PortholeError } from '../../errors/porthole-error.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import { readTextIfExists } from './read-if-exists.ts';
import { RegistryDeltaError } from './registry-delta.ts';
import { SandboxStepError } from './sandbox-helper.ts';

const { EPERM, EACCES, ENOSPC, ENOENT, EINVAL, ENODEV } = constants.errno;

export function explainSandboxFailure(op: string, id: string, error: Error, log: string): HcsError {
  if (error instanceof PortholeError)
    return new HcsError(`System::${op}`, HRESULT.serviceNotAvailable, {
      systemId: id,
      events: [error.message],
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  if (error instanceof SandboxStepError) {
    const { hresult, hint } = stepFailure(error);
    return new HcsError(`System::${op}`, hresult, {
      systemId: id,
      events: [`the sandbox could not be set up: ${error.message}`],
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
  if (error instanceof RegistryDeltaError)
    return new HcsError(`System::${op}`, HRESULT.invalidLayer, {
      systemId: id,
      events: [error.message],
      cause: error,
    });
  const wine = (readTextIfExists(log) ?? '').trim().split('\n').slice(-3).join('; ');
  return new HcsError(`System::${op}`, HRESULT.unexpectedExit, {
    systemId: id,
    events: [error.message, ...(wine === '' ? [] : [wine])],
    cause: error,
  });
}

function stepFailure(error: SandboxStepError): { hresult: number; hint?: string } {
  const { step, errno, detail } = error;
  if ((step === 'unshare' || step === 'idmap') && (errno === EPERM || errno === EACCES || errno === ENOSPC))
    return {
      hresult: HRESULT.accessDenied,
      hint: 'this kernel does not let ordinary users create user namespaces: run as root, or allow them (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces, AppArmor)',
    };
  if (step === 'mount' && detail === 'overlay' && [EINVAL, ENODEV, EPERM].includes(errno))
    return {
      hresult: HRESULT.notSupported,
      hint: 'the kernel refuses this overlay: install fuse-overlayfs, or put the data root on another file system (ext4, xfs, tmpfs)',
    };
  if (step === 'bind' && errno === ENOENT)
    return { hresult: HRESULT.pathNotFound, hint: `${detail} does not exist on this host` };
  if (step === 'write' && detail.includes('cgroup'))
    return {
      hresult: HRESULT.accessDenied,
      hint: 'this process may not enter its control group: leave the limits out',
    };
  return { hresult: HRESULT.unspecified };
}
