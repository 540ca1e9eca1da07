import type { ContainerPort, PortMap } from '../../../api/types/index.ts';

/** `NetworkSettings.Ports` -> list items: one a binding, one without public port for what is only exposed. */
export function listedPorts(ports: PortMap): ContainerPort[] {
  const listed: ContainerPort[] = [];
  for (const [key, bindings] of Object.entries(ports)) {
    const [port = '', type = 'tcp'] = key.split('/');
    const privatePort = Number(port);
    if (bindings === null || bindings.length === 0) listed.push({ PrivatePort: privatePort, Type: type });
    for (const binding of bindings ?? []) {
      listed.push({
        IP: binding.HostIp,
        PrivatePort: privatePort,
        PublicPort: Number(binding.HostPort),
        Type: type,
      });
    }
  }
  return listed;
}
