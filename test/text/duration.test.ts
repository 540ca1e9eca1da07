import { expect } from 'chai';
import { formatDuration, humanDuration, parseDuration, parseDurationExact } from '../../src/text/duration.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('text/duration', () => {
  const elapsed: [number, string][] = [
    [-5 * second, 'Less than a second'],
    [999, 'Less than a second'],
    [second, '1 second'],
    [59.9 * second, '59 seconds'],
    [minute, 'About a minute'],
    [2 * minute - 1, 'About a minute'],
    [2 * minute, '2 minutes'],
    [59 * minute, '59 minutes'],
    [hour, 'About an hour'],
    [90 * minute - 1, 'About an hour'],
    [90 * minute, '2 hours'],
    [day, '24 hours'],
    [47.4 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13.9 * day, '13 days'],
    [14 * day, '2 weeks'],
    [59.9 * day, '8 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
    [56 * 365 * day, '56 years'],
  ];
  for (const [milliseconds, text] of elapsed) {
    it(`${milliseconds / second} s is "${text}"`, () => expect(humanDuration(milliseconds)).to.equal(text));
  }
  const printed: [number | bigint, string][] = [
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [2_000_000, '2ms'],
    [1_500_000_000, '1.5s'],
    [30_000_000_000, '30s'],
    [90_000_000_000, '1m30s'],
    [3_600_000_000_000, '1h0m0s'],
    [-3_661_000_000_000, '-1h1m1s'],
    [9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
  ];
  for (const [nanoseconds, text] of printed) {
    it(`prints ${nanoseconds} ns as ${text} and reads it back`, () => {
      expect(formatDuration(nanoseconds)).to.equal(text);
      expect(parseDurationExact(text)).to.equal(BigInt(nanoseconds));
    });
  }
  const refused: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['.s', 'time: invalid duration ".s"'],
    ['5', 'time: missing unit in duration "5"'],
    ['1h1', 'time: missing unit in duration "1h1"'],
    ['1.5.5s', 'time: missing unit in duration "1.5.5s"'],
    ['5y', 'time: unknown unit "y" in duration "5y"'],
    ['9999999999h', 'time: invalid duration "9999999999h"'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => parseDuration(text)).to.throw(Error, message));
  }
  it('reads fractions of every unit', () => {
    expect(parseDuration('+1.5h0.5ms.25us')).to.equal(5_400_000_500_250);
  });
});
