import type { HostFacts } from '../host/ports/host-facts.ts';
import type { CheckResult } from './check.ts';
import { checkHostObjects } from './host-object-checks.ts';
import type { HostObjects } from './host-object-checks.ts';
import { checkLinux } from './linux-checks.ts';
import { checkStore } from './store-checks.ts';
import type { StoreFacts } from './store-checks.ts';
import { checkWindows } from './windows-checks.ts';

/** Every check of this platform, in the order in which they are shown. */
export function diagnose(host: HostFacts, store: StoreFacts, objects: HostObjects): CheckResult[] {
  return [
    ...(host.platform === 'linux' ? checkLinux(host) : checkWindows({ host, store })),
    ...checkStore(store),
    ...(host.platform === 'linux' ? [] : checkHostObjects(objects)),
  ];
}

/** One line that says which host this is. */
export function describeHost(host: HostFacts): string {
  if (host.platform === 'linux') {
    const who = host.root ? 'as root' : 'as an ordinary user';
    return `${host.distribution ?? 'Linux'}, kernel ${host.kernel}, ${who}`;
  }
  const { product, version } = host;
  const text = `${version.major}.${version.minor}.${version.build}.${version.revision}`;
  const who = host.elevated ? 'elevated' : 'not elevated';
  return `${product.name === '' ? 'Windows' : product.name} ${text}, ${who}`;
}
