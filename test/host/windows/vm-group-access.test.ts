import { expect } from 'chai';
import { vmRights, withVmGroup } from '../../../src/host/windows/vm-group-access.ts';

const system = '010100000000000512000000';
const administrators = '01020000000000052000000020020000';
const virtualMachines = '01020000000000055300000000000000';

const u16 = (value: number): string =>
  value
    .toString(16)
    .padStart(4, '0')
    .replace(/(..)(..)/, '$2$1');
const u32 = (value: number): string => Buffer.from(new Uint32Array([value]).buffer).toString('hex');
const ace = (type: number, flags: number, mask: number, sid: string): string =>
  `${Buffer.from([type, flags]).toString('hex')}${u16(8 + sid.length / 2)}${u32(mask)}${sid}`;
const list = (...entries: string[]): string =>
  `0200${u16(8 + entries.join('').length / 2)}${u16(entries.length)}0000${entries.join('')}`;
/** Owner and group behind the list, so that it cannot grow where it is. */
function descriptor(control: number, dacl: string | undefined): Buffer {
  const daclBytes = (dacl ?? '').length / 2;
  const owner = 20 + daclBytes;
  const header = `0100${u16(control)}${u32(owner)}${u32(owner + 16)}${u32(0)}${u32(dacl === undefined ? 0 : 20)}`;
  return Buffer.from(`${header}${dacl ?? ''}${administrators}${system}`, 'hex');
}

/** The list of a self-relative descriptor, and what owner and group are. */
function parts(bytes: Buffer): { list: string; owner: string; group: string } {
  const at = bytes.readUInt32LE(16);
  const [owner, group] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  return {
    list: bytes.toString('hex', at, at + bytes.readUInt16LE(at + 2)),
    owner: bytes.toString('hex', owner, owner + 16),
    group: bytes.toString('hex', group, group + 12),
  };
}

describe('rights of utility VMs on disks', () => {
  const full = 0x1f_01ff;
  const own = ace(0, 0, full, administrators);
  const denied = ace(1, 0, 2, system);
  const inherited = ace(0, 0x10, full, system);

  it('come behind what the disk says itself, in front of what it inherits', () => {
    const before = descriptor(0x8004, list(denied, own, inherited));
    const after = withVmGroup(before, vmRights.write)!;

    expect(parts(after)).to.deep.equal({
      list: list(denied, own, ace(0, 0, 0x12_019f, virtualMachines), inherited),
      owner: administrators,
      group: system,
    });
    expect(after.readUInt16LE(2)).to.equal(0x8004);
    expect(after.readUInt32LE(16) % 4).to.equal(0);
  });

  it('come last where nothing is inherited, and alone where nobody had any', () => {
    const reading = ace(0, 0, 0x12_0089, virtualMachines);

    expect(parts(withVmGroup(descriptor(0x8004, list(own)), vmRights.read)!).list).to.equal(
      list(own, reading),
    );
    expect(parts(withVmGroup(descriptor(0x8004, list()), vmRights.read)!).list).to.equal(list(reading));
  });

  it('are given once, and again where they were fewer', () => {
    const once = withVmGroup(descriptor(0x8004, list(own)), vmRights.read)!;

    expect(withVmGroup(once, vmRights.read)).to.equal(undefined);
    expect(parts(withVmGroup(once, vmRights.write)!).list).to.equal(
      list(own, ace(0, 0, 0x12_0089, virtualMachines), ace(0, 0, 0x12_019f, virtualMachines)),
    );
  });

  it('are not needed where everybody has all', () => {
    expect(withVmGroup(descriptor(0x8000, list(own)), vmRights.read)).to.equal(undefined);
    expect(withVmGroup(descriptor(0x8004, undefined), vmRights.read)).to.equal(undefined);
  });
});
