import { expect } from 'chai';
import { parseExcludedPorts } from '../../../src/host/windows/excluded-ports.ts';
import { decodeRoutes } from '../../../src/host/windows/ffi/iphlpapi.ts';

describe('windows host facts', () => {
  it('read excluded ports in any language', () => {
    const english = [
      '',
      'Protocol tcp Port Exclusion Ranges',
      '',
      'Start Port    End Port      ',
      '----------    --------      ',
      '        80          80     *',
      '     50000       50059     *',
      '     63342       63441',
      '',
      '* - Administered port exclusions.',
      '',
    ].join('\r\n');

    expect(parseExcludedPorts(english)).to.deep.equal([
      { first: 80, last: 80, administered: true },
      { first: 50000, last: 50059, administered: true },
      { first: 63342, last: 63441, administered: false },
    ]);
    expect(parseExcludedPorts('Portausschlussbereiche für Protokoll tcp\r\n')).to.deep.equal([]);
  });

  it('read the routing table', () => {
    const table = Buffer.alloc(4 + 2 * 56 + 100);
    table.writeUInt32LE(2, 0);
    table.set([0, 0, 0, 0, 0, 0, 0, 0], 4);
    table.set([10, 1, 2, 3], 4 + 12);
    table.writeUInt32LE(7, 4 + 16);
    table.writeUInt32LE(25, 4 + 36);
    table.set([172, 16, 0, 0, 255, 240, 0, 0], 60);

    expect(decodeRoutes(table)).to.deep.equal([
      { destination: '0.0.0.0/0', gateway: '10.1.2.3', interfaceIndex: 7, metric: 25 },
      { destination: '172.16.0.0/12', gateway: '0.0.0.0', interfaceIndex: 0, metric: 0 },
    ]);
  });

  it('do not believe a count that is larger than the table', () => {
    const table = Buffer.alloc(4 + 56);
    table.writeUInt32LE(5000, 0);

    expect(decodeRoutes(table)).to.have.length(1);
  });
});
