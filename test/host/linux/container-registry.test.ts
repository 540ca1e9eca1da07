import { expect } from 'chai';
import type { RegistryValue } from '../../../src/hcs/documents.ts';
import {
  containerDelta,
  isVolatileSystem,
  isVolatileUser,
} from '../../../src/host/linux/container-registry.ts';
import { formatDelta } from '../../../src/host/linux/registry-delta.ts';

function written(
  change: Omit<RegistryValue, 'Key'>,
  hive: RegistryValue['Key']['Hive'] = 'Software',
): string {
  const text = formatDelta(
    containerDelta({
      osVersion: '10.0.20348.1',
      changes: [{ Key: { Hive: hive, Name: 'Acme' }, ...change }],
    }),
  );
  return new RegExp(`\\[${hive === 'Sam' ? 'SAM' : hive}\\\\\\\\Acme\\]\n(.*)\n`).exec(text)?.[1] ?? text;
}

describe("a container's own registry values", () => {
  it('make Wine report the version of the image', () => {
    expect(formatDelta(containerDelta({ osVersion: '10.0.20348.2227', changes: [] }))).to.equal(
      [
        'PORTHOLE REGISTRY DELTA 1',
        '',
        '[Software\\\\Microsoft\\\\Windows NT\\\\CurrentVersion]',
        '"CSDVersion"=""',
        '"CurrentBuild"="20348"',
        '"CurrentBuildNumber"="20348"',
        '"CurrentMajorVersionNumber"=dword:0000000a',
        '"CurrentMinorVersionNumber"=dword:00000000',
        '"CurrentVersion"="10.0"',
        '"EditionID"="ServerDatacenter"',
        '"InstallationType"="Server Core"',
        '"ProductName"="Windows Server 2022 Datacenter"',
        '"UBR"=dword:000008b3',
        '',
        '[System\\\\CurrentControlSet\\\\Control\\\\ProductOptions]',
        '"ProductType"="ServerNT"',
        '',
        '',
      ].join('\n'),
    );
  });

  for (const [name, change, expected] of [
    ['String', { Name: 's', Type: 'String', StringValue: 'a\\b' }, '"s"="a\\\\b"'],
    ['ExpandedString', { Name: 's', Type: 'ExpandedString', StringValue: '%A%' }, '"s"=str(2):"%A%"'],
    ['MultiString', { Name: 's', Type: 'MultiString', StringValue: 'a\0b\0' }, '"s"=str(7):"a\\0b\\0"'],
    ['DWord', { Name: 'd', Type: 'DWord', DWordValue: 10 }, '"d"=dword:0000000a'],
    ['QWord', { Name: 'q', Type: 'QWord', QWordValue: 258 }, '"q"=hex(b):02,01,00,00,00,00,00,00'],
    ['Binary', { Name: 'b', Type: 'Binary', BinaryValue: 'AQI=' }, '"b"=hex:01,02'],
    ['None', { Name: 'n', Type: 'None' }, '"n"=hex(0):'],
    ['the default value', { Name: '', Type: 'String', StringValue: 'x' }, '@="x"'],
  ] as const)
    it(`write ${name}`, () => {
      expect(written(change)).to.equal(expected);
    });

  it('go to the one control set that Wine has', () => {
    const changes: RegistryValue[] = [
      {
        Key: { Hive: 'System', Name: 'ControlSet001\\Control' },
        Name: 'WaitToKillServiceTimeout',
        Type: 'String',
        StringValue: '2147483647',
      },
    ];
    expect(formatDelta(containerDelta({ osVersion: '10.0.1.2', changes }))).to.include(
      '[System\\\\CurrentControlSet\\\\Control]\n"WaitToKillServiceTimeout"="2147483647"\n',
    );
  });

  it('are written into the SAM hive too', () => {
    expect(written({ Name: 'd', Type: 'DWord', DWordValue: 1 }, 'Sam')).to.equal('"d"=dword:00000001');
  });

  for (const change of [
    { Name: 'x', Type: 'String' },
    { Name: 'x', Type: 'DWord', StringValue: '1' },
    { Name: 'x', Type: 'CustomType', BinaryValue: '' },
  ] as const)
    it(`refuse ${change.Type} without its value`, () => {
      expect(() => written(change)).to.throw(TypeError, 'registry value x');
    });
});

describe('what Wine rewrites at every boot', () => {
  for (const [key, name, expected] of [
    ['hardware\\\\description', undefined, true],
    ['system\\\\currentcontrolset\\\\enum\\\\root', undefined, true],
    ['system\\\\currentcontrolset\\\\enumeration', undefined, false],
    ['system\\\\currentcontrolset\\\\control\\\\session manager\\\\environment', undefined, false],
    ['system\\\\currentcontrolset\\\\control\\\\session manager\\\\environment', '"processor_level"', true],
    ['system\\\\currentcontrolset\\\\control\\\\session manager\\\\environment', '"path"', false],
    ['system\\\\currentcontrolset\\\\services\\\\tcpip\\\\parameters', '"hostname"', true],
    ['software\\\\microsoft\\\\systemcertificates\\\\root\\\\certificates', undefined, true],
    ['software\\\\microsoft\\\\systemcertificates\\\\root\\\\certificates\\\\00aa', undefined, false],
    ['software\\\\acme', '"hostname"', false],
  ] as const)
    it(`${expected ? 'is' : 'is not'} ${key} ${name ?? ''}`, () => {
      expect(isVolatileSystem(key, name)).to.equal(expected);
    });

  it("is the user's volatile environment", () => {
    expect(isVolatileUser('volatile environment', undefined)).to.equal(true);
    expect(isVolatileUser('environment', undefined)).to.equal(false);
  });
});
