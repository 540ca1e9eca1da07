import type { LoginResponse, RegistryAuth } from '../../../api/types/index.ts';
import type { Environment } from '../../../environment.ts';
import { RegistryClient } from '../../../registry/client.ts';
import { checkLogin } from '../../../registry/login.ts';
import type { CallOptions } from '../../roles/index.ts';

/** Docker Hub by any of its names is `docker.io`; others by host and port. */
export function registryDomain(serverAddress: string | undefined): string {
  const host = (serverAddress ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

/** The role's `login`: asks the registry whether the credentials are good; nothing is stored. */
export async function login(
  environment: Environment,
  auth: RegistryAuth,
  options: CallOptions = {},
): Promise<LoginResponse> {
  using client = new RegistryClient({ environment });
  const { identityToken } = await checkLogin(
    client,
    registryDomain(auth.serveraddress),
    auth,
    options.signal,
  );
  return { Status: 'Login Succeeded', IdentityToken: identityToken ?? '' };
}
