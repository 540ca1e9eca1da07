import { expect } from 'chai';
import {
  formatTime,
  inZone,
  parseRfc3339,
  rfc3339NanoFixedLayout,
  rfc3339NanoLayout,
  timeString,
  unixTime,
  utc,
  zeroTime,
} from '../../src/text/go-time.ts';
import { parseSince } from '../../src/text/since.ts';

const cet = () => ({ name: 'CET', offset: 3600 });
const clock = { now: Date.UTC(2024, 0, 1, 12), zone: cet };

describe('text/go-time', () => {
  it('prints an instant as time.String does', () => {
    expect(timeString(unixTime(1738315230, cet))).to.equal('2025-01-31 10:20:30 +0100 CET');
    expect(timeString(parseRfc3339('2024-05-01T10:00:00.1234567Z')!)).to.equal(
      '2024-05-01 10:00:00.1234567 +0000 UTC',
    );
    expect(timeString(parseRfc3339('2024-05-01T10:00:00.5+02:00')!)).to.equal(
      '2024-05-01 10:00:00.5 +0200 +0200',
    );
    expect(timeString(zeroTime)).to.equal('0001-01-01 00:00:00 +0000 UTC');
  });
  const layouts: [string, string][] = [
    [rfc3339NanoLayout, '2024-02-09T03:04:05.06Z'],
    [rfc3339NanoFixedLayout, '2024-02-09T03:04:05.060000000Z'],
    ['Mon Jan _2 15:04:05 2006', 'Fri Feb  9 03:04:05 2024'],
    ['Monday, 2-Jan-06 3:4:5pm .000 __2 002', 'Friday, 9-Feb-24 3:4:5am .060  40 040'],
    ['January 01/02 -0700 -07 Z0700', 'February 02/09 +0000 +00 Z'],
  ];
  for (const [layout, text] of layouts) {
    it(`formats with ${layout}`, () => {
      expect(formatTime(parseRfc3339('2024-02-09T03:04:05.06Z')!, layout)).to.equal(text);
    });
  }
  it('converts between zones', () => {
    expect(timeString(inZone(parseRfc3339('2024-05-01T10:00:00+02:00')!, utc))).to.equal(
      '2024-05-01 08:00:00 +0000 UTC',
    );
  });
  for (const text of [
    '2024-13-01T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00',
  ]) {
    it(`does not read ${text}`, () => expect(parseRfc3339(text)).to.equal(undefined));
  }
});

describe('text/since', () => {
  const accepted: [string, string][] = [
    ['10m', '1704109800'],
    ['-10m', '1704111000'],
    ['0', '0'],
    ['1136073600.000000001', '1136073600.000000001'],
    ['+3', '+3'],
    ['2024-01-01', '1704063600.000000000'],
    ['2024-01-01T10', '1704099600.000000000'],
    ['2024-01-01T10:30', '1704101400.000000000'],
    ['2024-01-01T10:30:15.5', '1704101415.500000000'],
    ['2024-01-01T10:30:15.5Z', '1704105015.500000000'],
    ['2024-01-01T10:30:15-01:00', '1704108615.000000000'],
    ['2024-01-01+05:00', '1704049200.000000000'],
    ['2024-01-01T10:00Z', '1704103200.000000000'],
  ];
  for (const [text, wire] of accepted) {
    it(`sends ${text} as ${wire}`, () => expect(parseSince(text, clock)).to.equal(wire));
  }
  const refused: [string, string][] = [
    ['2024-13-01', 'parsing time "2024-13-01": month out of range'],
    ['2024-1-1', 'parsing time "2024-1-1" as "2006-01-02": cannot parse "1-1" as "01"'],
    ['2024-02-30', 'parsing time "2024-02-30": day out of range'],
    ['2024-01-01T10:00:00x', 'parsing time "2024-01-01T10:00:00x": extra text: "x"'],
    ['2024-01-01Tx', 'parsing time "2024-01-01Tx" as "2006-01-02T15": cannot parse "x" as "15"'],
    ['2024-01-01T25:00', 'parsing time "2024-01-01T25:00": hour out of range'],
    ['2024-01-01T10:60:00Z', 'parsing time "2024-01-01T10:60:00Z": minute out of range'],
    ['-3', 'parsing time "-3" as "2006-01-02": cannot parse "-3" as "2006"'],
    [
      '2024-01-01T10:00:00+5',
      'parsing time "2024-01-01T10:00:00+5" as "2006-01-02T15:04Z07:00": cannot parse ":00+5" as "Z07:00"',
    ],
    ['xx', 'failed to parse value as time or duration: "xx"'],
    ['1.', 'failed to parse value as time or duration: "1."'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => expect(() => parseSince(text, clock)).to.throw(Error, message));
  }
});
