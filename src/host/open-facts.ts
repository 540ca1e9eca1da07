import type { Environment } from '../environment.ts';
import type { HostFactsPort } from './ports/host-facts.ts';

/** What the system says about itself. The other place that chooses by platform; needs no host. */
export async function openHostFacts(environment: Environment): Promise<HostFactsPort> {
  const { openFacts } =
    environment.platform === 'win32' ? await import('./windows/facts.ts') : await import('./linux/facts.ts');
  return openFacts(environment);
}
