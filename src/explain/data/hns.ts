/** HNS and HCN codes 0x803Bxxxx by their low word (networking.md 2.4 and 8). Titles: `src/hns/hns-error.ts` where it has them. */
import { pages, thread } from '../explanation.ts';
import type { Row } from '../explanation.ts';

const restart = ['Restart-Service hns (running containers lose their network).'];

export const hnsRows: readonly (Omit<Row, 'title'> & { readonly title?: string })[] = [
  {
    code: 0x01,
    name: 'HCN_E_NETWORK_NOT_FOUND',
    hint: 'the network is gone: porthole network ls shows what there is; create it again',
    cause: 'HNS knows no network with this ID. After a restart of the host NAT networks get new IDs.',
  },
  {
    code: 0x02,
    name: 'HCN_E_ENDPOINT_NOT_FOUND',
    hint: 'the endpoint is gone: restart the container',
    cause: 'HNS knows no endpoint with this ID: the service was restarted, or another program deleted it.',
  },
  {
    code: 0x03,
    name: 'HCN_E_LAYER_NOT_FOUND',
    title: "The network's underlying layer was not found.",
    ...internalState(),
  },
  {
    code: 0x04,
    name: 'HCN_E_SWITCH_NOT_FOUND',
    title: 'The virtual switch was not found.',
    ...internalState(),
  },
  {
    code: 0x05,
    name: 'HCN_E_SUBNET_NOT_FOUND',
    hint: 'give --subnet, or choose an --ip inside the subnet of the network',
    cause: 'The network has no subnet that fits the request.',
  },
  {
    code: 0x06,
    name: 'HCN_E_ADAPTER_NOT_FOUND',
    hint: 'name a connected adapter: -o com.docker.network.windowsshim.interface=NAME (Get-NetAdapter lists them)',
    cause:
      'The network adapter that a transparent or l2bridge network should use does not exist or is not connected.',
  },
  { code: 0x07, name: 'HCN_E_PORT_NOT_FOUND', title: 'The switch-port was not found.', ...internalState() },
  {
    code: 0x08,
    name: 'HCN_E_POLICY_NOT_FOUND',
    title: 'An expected policy was not found.',
    ...internalState(),
  },
  {
    code: 0x09,
    name: 'HCN_E_VFP_PORTSETTING_NOT_FOUND',
    title: 'A required VFP port setting was not found.',
    ...internalState(),
  },
  {
    code: 0x0a,
    name: 'HCN_E_INVALID_NETWORK',
    hint: 'check --subnet, --gateway and the -o options of the network',
    cause: 'HNS refuses the network object as a whole.',
  },
  {
    code: 0x0b,
    name: 'HCN_E_INVALID_NETWORK_TYPE',
    hint: 'use one of nat, transparent, l2bridge, l2tunnel, overlay, internal, private',
    cause: 'This build of Windows does not know the driver, or does not allow it here.',
    see: [pages.networking],
  },
  {
    code: 0x0c,
    name: 'HCN_E_INVALID_ENDPOINT',
    hint: 'check --ip, --mac-address and -p',
    cause: 'HNS refuses the endpoint object as a whole.',
  },
  {
    code: 0x0d,
    name: 'HCN_E_INVALID_POLICY',
    hint: 'check -p: two mappings of one port, or a port out of range',
    cause: 'A policy (mostly a port mapping) lacks a value or has one that is not allowed.',
  },
  {
    code: 0x0e,
    name: 'HCN_E_INVALID_POLICY_TYPE',
    hint: 'leave the newest network options out: this build of Windows does not know one of them',
    cause: 'HNS of this build does not know the policy type.',
  },
  {
    code: 0x0f,
    name: 'HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION',
    title: 'This requested operation is invalid for a remote endpoint.',
    ...internalState(),
  },
  {
    code: 0x10,
    name: 'HCN_E_NETWORK_ALREADY_EXISTS',
    hint: 'use the network that is there, or remove it: porthole network ls, Get-HnsNetwork',
    cause: 'HNS has a network of this name already: of another engine, or a leftover of an earlier one.',
  },
  {
    code: 0x11,
    name: 'HCN_E_LAYER_ALREADY_EXISTS',
    title: 'The port layer already exists.',
    ...internalState(),
  },
  {
    code: 0x12,
    name: 'HCN_E_POLICY_ALREADY_EXISTS',
    title: 'Policy information already exists on this object.',
    ...internalState(),
  },
  {
    code: 0x13,
    name: 'HCN_E_PORT_ALREADY_EXISTS',
    hint: 'another container publishes this host port: choose another, or stop that container',
    cause: 'Another endpoint maps the same host port.',
    fix: [
      'porthole ps shows the published ports.',
      'netstat -ano | findstr :PORT names the process that holds it.',
    ],
  },
  {
    code: 0x14,
    name: 'HCN_E_ENDPOINT_ALREADY_ATTACHED',
    hint: 'restart the container; if it stays, restart the service hns',
    cause: 'The endpoint is still attached to a container, perhaps a dead one.',
  },
  {
    code: 0x15,
    name: 'HCN_E_REQUEST_UNSUPPORTED',
    hint: 'this build of Windows cannot do it: leave the option out, or use a newer Windows',
    cause: 'HNS does not support the request on this network or build.',
  },
  {
    code: 0x16,
    name: 'HCN_E_MAPPING_NOT_SUPPORTED',
    hint: 'leave -p out: containers of this network have addresses of their own; or use a nat network',
    cause: 'Ports can be published on nat and l2bridge networks, not on transparent ones.',
    see: [pages.networking],
  },
  {
    code: 0x17,
    name: 'HCN_E_DEGRADED_OPERATION',
    hint: 'restart the service hns',
    cause: 'The state of HNS is damaged, often after sleep, a crash or a change of network adapters.',
    fix: [
      ...restart,
      'Last resort, loses all HNS networks (also those of WSL): stop hns, delete C:\\ProgramData\\Microsoft\\Windows\\HNS\\HNS.data, start hns.',
    ],
  },
  {
    code: 0x18,
    name: 'HCN_E_SHARED_SWITCH_MODIFICATION',
    title: 'Cannot modify a switch shared by multiple networks.',
    hint: 'use another adapter, or the network that already owns this switch',
    cause: 'Several networks share the virtual switch, so none of them may change it.',
  },
  {
    code: 0x19,
    name: 'HCN_E_GUID_CONVERSION_FAILURE',
    hint: 'use the ID that porthole network ls --no-trunc shows',
    cause: 'An ID is not a GUID.',
  },
  { code: 0x1a, name: 'HCN_E_REGKEY_FAILURE', title: 'Failed to process registry key.', ...internalState() },
  {
    code: 0x1b,
    name: 'HCN_E_INVALID_JSON',
    hint: 'leave out the newest options: this build of Windows may not know one of their fields',
    cause: 'HNS does not accept the JSON document.',
  },
  {
    code: 0x1c,
    name: 'HCN_E_INVALID_JSON_REFERENCE',
    title: 'The reference is invalid in the JSON document.',
    ...internalState(),
  },
  {
    code: 0x1d,
    name: 'HCN_E_ENDPOINT_SHARING_DISABLED',
    title: 'Endpoint sharing is disabled.',
    hint: 'do not use --network container:X here',
    cause: 'The endpoint may not be shared by several containers.',
  },
  {
    code: 0x1e,
    name: 'HCN_E_INVALID_IP',
    hint: 'choose an --ip inside the subnet of the network (porthole network inspect), not its first address',
    cause: 'The address lies in no subnet of the network.',
  },
  {
    code: 0x1f,
    name: 'HCN_E_SWITCH_EXTENSION_NOT_FOUND',
    title: 'The specified switch extension does not exist on this switch.',
    ...internalState(),
  },
  {
    code: 0x20,
    name: 'HCN_E_MANAGER_STOPPED',
    hint: 'start the service hns',
    cause: 'The Host Network Service is stopping or stopped.',
    fix: ['Start-Service hns', 'porthole doctor checks the services.'],
  },
  ...gcn(),
  {
    code: 0x2a,
    name: 'HCN_E_ICS_DISABLED',
    hint: 'enable the service SharedAccess (Internet Connection Sharing)',
    cause:
      'The default switch of client Windows is built on Internet Connection Sharing, whose service is disabled.',
    fix: ['Set-Service SharedAccess -StartupType Manual'],
  },
  {
    code: 0x2b,
    name: 'HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS',
    hint: 'restart the container; if it stays, restart the service hns',
    cause: 'The endpoint is a member of a namespace already.',
  },
  {
    code: 0x2c,
    name: 'HCN_E_ENTITY_HAS_REFERENCES',
    hint: 'remove the containers that use it first (porthole network inspect lists them)',
    cause: 'Something still uses the network, endpoint or namespace.',
  },
  {
    code: 0x2d,
    name: 'HCN_E_INVALID_INTERNAL_PORT',
    title: 'The internal port must exist and cannot be zero.',
    hint: 'give the port of the container in -p HOST:CONTAINER as a number from 1 to 65535',
    cause: 'The container side of a port mapping is not a port.',
  },
  {
    code: 0x2e,
    name: 'HCN_E_NAMESPACE_ATTACH_FAILED',
    hint: 'start the container again; if it stays, restart the service hns',
    cause: 'The endpoint could not be put into the network compartment of the container.',
  },
  {
    code: 0x2f,
    name: 'HCN_E_ADDR_INVALID_OR_RESERVED',
    hint: 'choose another --ip; after an unclean restart a stale endpoint may hold the address',
    cause: 'The address is reserved, in use, or held by an endpoint that an unclean restart left behind.',
    fix: ['Get-HnsEndpoint | ? IPAddress -eq ADDRESS | Remove-HnsEndpoint removes a stale endpoint.'],
    see: [thread('moby/moby#47576')],
  },
  {
    code: 0x30,
    name: 'HCN_E_INVALID_PREFIX',
    hint: 'write --subnet as the first address of the network and its length: 172.30.0.0/24',
    cause: 'The subnet is not a network prefix, or it overlaps one that the host uses.',
  },
  {
    code: 0x31,
    name: 'HCN_E_OBJECT_USED_AFTER_UNLOAD',
    hint: 'run the command again: the service hns was restarted',
    cause: 'An ID or handle comes from before a restart of HNS.',
  },
  {
    code: 0x32,
    name: 'HCN_E_INVALID_SUBNET',
    hint: 'choose another --subnet',
    cause: 'The subnet is malformed, overlaps another network, or does not hold the gateway.',
  },
  {
    code: 0x33,
    name: 'HCN_E_INVALID_IP_SUBNET',
    title: 'The provided IP subnet configuration is invalid or missing parameters.',
    hint: 'choose another --subnet',
    cause: 'The inner IP subnet does not lie in the subnet.',
  },
  {
    code: 0x34,
    name: 'HCN_E_ENDPOINT_NOT_ATTACHED',
    hint: 'nothing to do when stopping; otherwise restart the container',
    cause: 'The endpoint is not attached to a container.',
  },
  {
    code: 0x35,
    name: 'HCN_E_ENDPOINT_NOT_LOCAL',
    hint: 'run the command on the host of the container',
    cause: 'The endpoint belongs to another host of an overlay network.',
  },
  {
    code: 0x36,
    name: 'HCN_E_INTERFACEPARAMETERS_ALREADY_APPLIED',
    title: 'Cannot apply more than one InterfaceParameters policy.',
    ...internalState(),
  },
  {
    code: 0x37,
    name: 'HCN_E_VFP_NOT_ALLOWED',
    title: 'A network of this type can not be created because VFP is not available.',
    hint: 'leave ACL and load balancer policies out on this network type',
    cause: 'The policy needs VFP, which this network does not use.',
  },
];

function internalState(): Pick<Row, 'hint' | 'cause' | 'fix'> {
  return {
    hint: 'run the command again; if it stays, restart the service hns',
    cause: 'An object that HNS keeps for itself is missing, doubled or out of step.',
    fix: restart,
  };
}

function gcn(): (Omit<Row, 'title'> & { readonly title: string })[] {
  const titles: readonly (readonly [number, string, string])[] = [
    [0x21, 'GCN_E_MODULE_NOT_FOUND', 'The guest network module was not found.'],
    [0x22, 'GCN_E_NO_REQUEST_HANDLERS', 'The guest network service has no handler for the request.'],
    [0x23, 'GCN_E_REQUEST_UNSUPPORTED', 'The guest network service does not support the request.'],
    [0x24, 'GCN_E_RUNTIMEKEYS_FAILED', 'The guest network service could not add runtime keys.'],
    [0x25, 'GCN_E_NETADAPTER_TIMEOUT', 'The network adapter did not appear in the guest in time.'],
    [0x26, 'GCN_E_NETADAPTER_NOT_FOUND', 'The network adapter was not found in the guest.'],
    [0x27, 'GCN_E_NETCOMPARTMENT_NOT_FOUND', 'The network compartment was not found in the guest.'],
    [0x28, 'GCN_E_NETINTERFACE_NOT_FOUND', 'The network interface was not found in the guest.'],
    [0x29, 'GCN_E_DEFAULTNAMESPACE_EXISTS', 'The default namespace exists already in the guest.'],
  ];
  return titles.map(([code, name, title]) => ({
    code,
    name,
    title,
    hint: 'start the container again; raise --memory if its utility VM is slow',
    cause: 'The network service inside the utility VM failed or was too slow.',
  }));
}
