import { PortholeError } from '../errors/porthole-error.ts';
import { looksLikeIPv6, parseIPv4 } from './address.ts';

/** Names under which a container is found on a network (networking.md 5.4), in order, without repetition. */
export function dnsNames(container: {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly aliases: readonly string[];
}): string[] {
  const names = [container.name, ...container.aliases, container.id.slice(0, 12), container.hostname];
  return [...new Set(names.filter((name) => name !== ''))];
}

/**
 * `--add-host` entries (`name:address`, `name:host-gateway`) as hosts lines; `gateway` undefined drops host-gateway lines.
 * Malformed ones: kind `invalid`, Docker's text.
 */
export function extraHosts(
  entries: readonly string[] | null,
  gateway: string | undefined,
): { address: string; names: string[] }[] {
  return (entries ?? []).flatMap((entry) => {
    const at = entry.indexOf(':');
    const name = entry.slice(0, at);
    const address = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
    if (at <= 0 || address === '') throw refuse(`bad format for add-host: "${entry}"`);
    if (address === 'host-gateway') return gateway === undefined ? [] : [{ address: gateway, names: [name] }];
    if (parseIPv4(address) === undefined && !looksLikeIPv6(address))
      throw refuse(`invalid IP address in add-host: "${address}"`);
    return [{ address, names: [name] }];
  });
}

function refuse(message: string): PortholeError {
  return new PortholeError('invalid', 'ADD_HOST_INVALID', message);
}
