import { expect } from 'chai';
import { clientZone } from '../../src/cli/zone.ts';

describe('cli/zone', () => {
  const winter = Date.UTC(2026, 0, 15, 12);
  const summer = Date.UTC(2026, 6, 15, 12);
  const cases: [TZ: string, time: number, name: string, offset: number][] = [
    ['UTC', winter, 'UTC', 0],
    ['', winter, 'UTC', 0],
    ['No/Such', winter, 'UTC', 0],
    ['Europe/Berlin', winter, 'CET', 3600],
    [':Europe/Berlin', summer, 'CEST', 7200],
    ['America/New_York', winter, 'EST', -18000],
    ['Asia/Kolkata', winter, 'IST', 19800],
    ['America/St_Johns', winter, 'NST', -12600],
    ['America/Sao_Paulo', winter, '', -10800],
  ];
  for (const [TZ, time, name, offset] of cases) {
    it(`${JSON.stringify(TZ)} is ${name || 'nameless'} ${offset}`, () =>
      expect(clientZone({ env: { TZ } })(time)).to.deep.equal({ name, offset }));
  }
});
