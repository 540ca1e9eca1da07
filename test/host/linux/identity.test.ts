import { expect } from 'chai';
import { computerNameOf, userOf } from '../../../src/host/linux/identity.ts';
import { processInfo } from '../../../src/host/linux/process-info.ts';

describe('accounts of containers', () => {
  for (const [user, expected] of [
    [undefined, 'ContainerAdministrator'],
    ['', 'ContainerAdministrator'],
    ['containerADMINISTRATOR', 'ContainerAdministrator'],
    ['ContainerUser', 'ContainerUser'],
    ['User Manager\\ContainerUser', 'ContainerUser'],
    ['S-1-5-93-2-2', 'ContainerUser'],
    ['NT AUTHORITY\\SYSTEM', 'ContainerAdministrator'],
    ['somebody', undefined],
    ['DOMAIN\\ContainerUser', undefined],
    ['constructor', undefined],
  ] as const)
    it(`${user ?? 'none'} is ${expected ?? 'unknown'}`, () => {
      expect(userOf(user)).to.equal(expected);
    });

  it('have computers with short names', () => {
    expect(computerNameOf('my-long-container-name')).to.equal('MY-LONG-CONTAIN');
  });
});

describe('process information', () => {
  it('has Unix times and the image name', () => {
    expect(
      processInfo({
        pid: 8,
        parent: 4,
        created: 133_485_408_000_000_000n,
        kernel100ns: 1n,
        user100ns: 2n,
        workingSet: 3,
        path: 'C:\\a\\b.exe',
      }),
    ).to.deep.equal({
      processId: 8,
      imageName: 'b.exe',
      createTimestamp: '2024-01-01T00:00:00.000Z',
      userTime100ns: 2n,
      kernelTime100ns: 1n,
      workingSetPrivateBytes: 3,
    });
  });
});
