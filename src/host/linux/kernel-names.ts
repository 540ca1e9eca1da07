/** Kernel names are made from GUIDs, never from what users type: interface names have at most 15 characters. */
export function bridgeName(networkId: string): string {
  return `ph-${hex(networkId, 8)}`;
}

/** `salt` makes the name new for each attachment: the old link may live on for a moment with its namespace. */
export function vethName(salt: string): string {
  return `phv${hex(salt, 10)}`;
}

export function namespaceName(namespaceId: string): string {
  return `porthole-${hex(namespaceId, 32)}`;
}

export function firewallName(networkId: string): string {
  return `porthole_${hex(networkId, 8)}`;
}

export function namespacePath(name: string): string {
  return `/run/netns/${name}`;
}

function hex(guid: string, digits: number): string {
  return guid.replaceAll('-', '').toLowerCase().slice(0, digits);
}
