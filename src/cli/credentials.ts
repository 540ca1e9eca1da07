import type { RegistryAuth } from '../api/types/index.ts';
import type { CommandContext } from './command.ts';
import type { CredentialOptions } from '../registry/credentials.ts';

type Using = Pick<CommandContext, 'environment' | 'globals' | 'stderr'>;

/** Where this user's registry credentials are kept. */
export function credentialOptions({ environment, globals, stderr }: Using): CredentialOptions {
  return {
    configDir: globals.config,
    env: environment.env,
    platform: environment.platform,
    onWarning: (text) => void stderr.write(`WARNING: ${text}\n`),
  };
}

/** Looks credentials up when a registry asks for them; the store is not even loaded before. */
export function registryCredentials(context: Using): (registry: string) => Promise<RegistryAuth | undefined> {
  return async (registry) => {
    const { getCredentials } = await import('../registry/credentials.ts');
    return getCredentials(registry, credentialOptions(context));
  };
}
