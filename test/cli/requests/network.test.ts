import { expect } from 'chai';
import { parseFlags } from '../../../src/cli/argv.ts';
import type { ParsedFlags } from '../../../src/cli/flag.ts';
import {
  networkConnectFlags,
  networkCreateFlags,
  toNetworkConnectRequest,
  toNetworkCreateRequest,
} from '../../../src/cli/requests/network.ts';

function create(words: string) {
  const { values } = parseFlags(words.split(' ').filter(Boolean), networkCreateFlags, { interspersed: true });
  return toNetworkCreateRequest('n', values as ParsedFlags<typeof networkCreateFlags>);
}

function connect(words: string) {
  const { values } = parseFlags(words.split(' ').filter(Boolean), networkConnectFlags, {
    interspersed: true,
  });
  return toNetworkConnectRequest('c', (values as ParsedFlags<typeof networkConnectFlags>).flags);
}

describe('network requests', () => {
  it('has every field in the order of Docker’s client', () => {
    expect(JSON.stringify(create(''))).to.equal(
      '{"Driver":"bridge","Scope":"","IPAM":{"Driver":"default","Options":{},"Config":[]},"Internal":false,"Attachable":false,"Ingress":false,"ConfigOnly":false,"ConfigFrom":null,"Options":{},"Labels":{},"Name":"n"}',
    );
    expect(
      JSON.stringify(
        create(
          '--ipv6 --ipv4=false --internal --attachable --ingress --config-only --config-from c --scope local --ipam-driver d --ipam-opt a=b -o x -d nat --label l',
        ),
      ),
    ).to.equal(
      '{"Driver":"nat","Scope":"local","EnableIPv4":false,"EnableIPv6":true,"IPAM":{"Driver":"d","Options":{"a":"b"},"Config":[]},"Internal":true,"Attachable":true,"Ingress":true,"ConfigOnly":true,"ConfigFrom":{"Network":"c"},"Options":{"x":""},"Labels":{"l":""},"Name":"n"}',
    );
  });

  const configs: [string, unknown[]][] = [
    ['--subnet x', [{ Subnet: 'x' }]],
    ['--subnet 10.0.0.0/8,192.168.0.0/16', [{ Subnet: '10.0.0.0/8' }, { Subnet: '192.168.0.0/16' }]],
    [
      '--subnet 10.0.0.0/8 --ip-range 10.1.0.0/16 --gateway 10.0.0.1 --aux-address b=10.0.0.6 --aux-address a=10.0.0.5',
      [
        {
          Subnet: '10.0.0.0/8',
          IPRange: '10.1.0.0/16',
          Gateway: '10.0.0.1',
          AuxiliaryAddresses: { a: '10.0.0.5', b: '10.0.0.6' },
        },
      ],
    ],
    ['--subnet 2001:db8::/64 --gateway 2001:db8::1', [{ Subnet: '2001:db8::/64', Gateway: '2001:db8::1' }]],
    [
      '--subnet 10.0.0.0/8 --gateway 10.0.0.1 --subnet fd00::/8',
      [{ Subnet: '10.0.0.0/8', Gateway: '10.0.0.1' }, { Subnet: 'fd00::/8' }],
    ],
  ];
  for (const [words, config] of configs)
    it(`puts together ${words}`, () => expect(create(words).IPAM!.Config).to.deep.equal(config));

  const refusals: [string, string][] = [
    ['--ip-range 10.1.2.0/24', 'every ip-range or gateway must have a corresponding subnet'],
    ['--gateway 10.0.0.1', 'every ip-range or gateway must have a corresponding subnet'],
    [
      '--subnet 10.0.0.0/8 --subnet 10.1.0.0/16',
      'multiple overlapping subnet configuration is not supported',
    ],
    ['--subnet 10.0.0.0/8 --subnet x', 'invalid subnet: invalid CIDR address: x'],
    ['--subnet 10.0.0.0/8 --ip-range 11.1.0.0/16', 'no matching subnet for range 11.1.0.0/16'],
    ['--subnet 10.0.0.0/8 --ip-range z/z', 'invalid CIDR address: z/z'],
    ['--subnet 10.1.0.0/16 --gateway 192.168.0.1', 'no matching subnet for gateway 192.168.0.1'],
    ['--subnet 10.0.0.0/8 --gateway x', 'no matching subnet for gateway x'],
    ['--subnet 10.0.0.0/8 --aux-address a=12.0.0.1', 'no matching subnet for aux-address 12.0.0.1'],
    [
      '--subnet 10.0.0.0/8 --subnet 11.0.0.0/8 --ip-range 10.1.0.0/16 --ip-range 10.2.0.0/16',
      'cannot configure multiple ranges (10.2.0.0/16, 10.1.0.0/16) on the same subnet (10.0.0.0/8)',
    ],
    [
      '--subnet 10.0.0.0/8 --subnet 11.0.0.0/8 --gateway 10.1.0.0 --gateway 10.2.0.0',
      'cannot configure multiple gateways (10.2.0.0, 10.1.0.0) for the same subnet (10.0.0.0/8)',
    ],
  ];
  for (const [words, text] of refusals)
    it(`refuses ${words}`, () => expect(() => create(words)).to.throw(text));

  it('connects with addresses, aliases and options', () => {
    expect(
      connect('--ip6 ::1 --link-local-ip 1.1.1.1,2.2.2.2 --alias a,b --alias c --gw-priority 4 --link d:e')
        .EndpointConfig,
    ).to.deep.include({
      IPAMConfig: { IPv6Address: '::1', LinkLocalIPs: ['1.1.1.1', '2.2.2.2'] },
      Links: ['d:e'],
      Aliases: ['a', 'b', 'c'],
      DriverOpts: {},
      GwPriority: 4,
    });
    expect(connect('--driver-opt A=b').EndpointConfig).to.deep.include({
      DriverOpts: { A: 'b' },
      Aliases: [],
      IPAMConfig: {},
    });
    expect(() => connect('--driver-opt a')).to.throw('invalid key/value pair format in driver options');
  });
});
