import { expect } from 'chai';
import {
  broadcastAddress,
  contains,
  formatIPv4,
  formatPrefix,
  masked,
  overlaps,
  parseIPv4,
  parsePrefix,
} from '../../src/hns/address.ts';
import { guidFromHex, sameGuid } from '../../src/hns/guid.ts';
import { dockerMac, hnsMac, isMac, macFromPools, randomMacPool } from '../../src/hns/mac.ts';

describe('IPv4 addresses', () => {
  it('reads what it writes', () => {
    for (const text of ['0.0.0.0', '10.1.2.3', '172.31.255.255', '255.255.255.255'])
      expect(formatIPv4(parseIPv4(text)!)).to.equal(text);
  });

  it('reads nothing else', () => {
    for (const text of ['', '1.2.3', '1.2.3.256', '1.2.3.4.5', '01.2.3.4', 'a.b.c.d', '1.2.3.4 ', '::1'])
      expect(parseIPv4(text), text).to.equal(undefined);
    for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/x', '/8'])
      expect(parsePrefix(text), text).to.equal(undefined);
  });

  it('computes with prefixes', () => {
    const prefix = parsePrefix('172.20.17.9/20')!;
    expect(formatPrefix(masked(prefix))).to.equal('172.20.16.0/20');
    expect(formatIPv4(broadcastAddress(prefix))).to.equal('172.20.31.255');
    expect(contains(prefix, parseIPv4('172.20.31.255')!)).to.equal(true);
    expect(contains(prefix, parseIPv4('172.20.32.0')!)).to.equal(false);
    expect(contains(parsePrefix('0.0.0.0/0')!, parseIPv4('255.1.1.1')!)).to.equal(true);
    expect(overlaps(prefix, parsePrefix('172.16.0.0/12')!)).to.equal(true);
    expect(overlaps(prefix, parsePrefix('172.20.32.0/20')!)).to.equal(false);
  });
});

describe('MAC addresses', () => {
  it('converts between the spellings', () => {
    expect(hnsMac('00:15:5d:ab:58:c6')).to.equal('00-15-5D-AB-58-C6');
    expect(dockerMac('00-15-5D-AB-58-C6')).to.equal('00:15:5d:ab:58:c6');
    expect(['00:15:5d:ab:58:c6', '00-15-5D-AB-58-C6', '00:15', 'x'].map(isMac)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('hands a pool out to its last address', () => {
    const pool = randomMacPool(() => 0.5);
    expect(pool).to.deep.equal({
      StartMacAddress: '00-15-5D-80-00-00',
      EndMacAddress: '00-15-5D-80-0F-FF',
    });
    const small = [{ StartMacAddress: '00-15-5D-80-00-F8', EndMacAddress: '00-15-5D-80-01-07' }];
    const taken = new Set<string>();
    for (let mac = macFromPools(small, taken, () => 0.9); mac !== undefined;) {
      taken.add(mac);
      mac = macFromPools(small, taken, () => 0.9);
    }
    expect(taken.size).to.equal(16);
  });
});

describe('GUIDs', () => {
  it('come from hex digits and are compared without case', () => {
    const guid = guidFromHex('0123456789abcdef'.repeat(4));
    expect(guid).to.equal('01234567-89AB-4DEF-8123-456789ABCDEF');
    expect(sameGuid(guid, guid.toLowerCase())).to.equal(true);
    expect(sameGuid(guid, undefined)).to.equal(false);
    expect(sameGuid(undefined, undefined)).to.equal(false);
  });
});
