import { expect } from 'chai';
import { bytesSize, fromHumanSize, humanSize, ramInBytes } from '../../src/text/size.ts';

describe('text/size', () => {
  const human: [number, string, string][] = [
    [0, '0B', '0B'],
    [999, '999B', '999B'],
    [999.9, '999.9B', '1e+03B'],
    [1000, '1kB', '1kB'],
    [1048576, '1.049MB', '1.05MB'],
    [123456789, '123.5MB', '123MB'],
    [292461123, '292.5MB', '292MB'],
    [5_305_000_000, '5.305GB', '5.3GB'],
    [1e24, '1YB', '1YB'],
  ];
  for (const [bytes, four, three] of human) {
    it(`${bytes} is ${four}, or ${three} with three digits`, () => {
      expect([humanSize(bytes), humanSize(bytes, 3)]).to.deep.equal([four, three]);
    });
  }
  const binary: [number, string][] = [
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [45_560_000, '43.45MiB'],
    [17_179_869_184, '16GiB'],
  ];
  for (const [bytes, text] of binary) {
    it(`${bytes} in binary units is ${text}`, () => expect(bytesSize(bytes)).to.equal(text));
  }
  const parsed: [string, number][] = [
    ['32', 32],
    ['32b', 32],
    ['32 k', 32768],
    ['32kb', 32768],
    ['32KiB', 32768],
    ['1.5g', 1610612736],
    ['2T', 2199023255552],
    ['5 ', 5],
    ['1e3', 1000],
  ];
  for (const [text, bytes] of parsed) {
    it(`reads ${JSON.stringify(text)}`, () => expect(ramInBytes(text)).to.equal(bytes));
  }
  it('reads decimal sizes', () => expect(fromHumanSize('10m')).to.equal(10_000_000));
  const refused: [string, string][] = [
    ['', "invalid size: ''"],
    ['x', "invalid size: 'x'"],
    ['-5', "invalid size: '-5'"],
    ['5q', "invalid suffix: 'q'"],
    ['5KIBx', "invalid suffix: 'KIBx'"],
    ['.k', 'strconv.ParseFloat: parsing ".": invalid syntax'],
    ['5  k', 'strconv.ParseFloat: parsing "5 ": invalid syntax'],
    ['1.2.3', 'strconv.ParseFloat: parsing "1.2.3": invalid syntax'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => ramInBytes(text)).to.throw(Error, message));
  }
});
