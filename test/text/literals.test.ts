import { expect } from 'chai';
import { parseCsvRecord } from '../../src/text/csv.ts';
import { formatE, formatF, formatG, formatShortest } from '../../src/text/go-float.ts';
import { quoteGo, quoteRune } from '../../src/text/go-quote.ts';
import { unquoteGo, unquoteRune } from '../../src/text/go-unquote.ts';
import {
  parseAtoi,
  parseBigInt,
  parseBool,
  parseFloat64,
  parseInt64,
  parseUint,
} from '../../src/text/strconv.ts';
import { indentJson, jsonString } from '../../src/text/template/json.ts';

describe('text/go-quote', () => {
  const cases: [string, string][] = [
    ['plain', '"plain"'],
    ['C:\\a "b"', '"C:\\\\a \\"b\\""'],
    ['\n\t\x07\x00\x7f', '"\\n\\t\\a\\x00\\x7f"'],
    ['é世…', '"é世…"'],
    ['\u00a0\u200b\u{1f600}', '"\\u00a0\\u200b😀"'],
  ];
  for (const [text, quoted] of cases) {
    it(quoted, () => {
      expect(quoteGo(text)).to.equal(quoted);
      expect(unquoteGo(quoted)).to.equal(text);
    });
  }
  it('escapes everything outside ASCII on demand', () => {
    expect(quoteGo('é😀', true)).to.equal('"\\u00e9\\U0001f600"');
  });
  it('quotes characters', () => {
    expect([quoteRune(122), quoteRune(39), quoteRune(0xc3)]).to.deep.equal(["'z'", "'\\''", "'Ã'"]);
    expect([unquoteRune("'\\n'"), unquoteRune("'ab'"), unquoteRune("'\\xe9'")]).to.deep.equal([
      10,
      undefined,
      233,
    ]);
  });
  for (const literal of ['"\\q"', '"\\x4"', '"a"b"', '"\\ud800"', '"\\400"']) {
    it(`does not read ${literal}`, () => expect(unquoteGo(literal)).to.equal(undefined));
  }
});

describe('text/strconv', () => {
  it('reads integers in every base', () => {
    const texts = ['0', '-0', '+5', '0x1F', '0b11', '0o17', '017', '1_000'];
    expect(texts.map((text) => Number(parseBigInt(text)))).to.deep.equal([0, 0, 5, 31, 3, 15, 15, 1000]);
  });
  it('keeps the limits', () => {
    expect(parseBigInt('-9223372036854775808')).to.equal(-9223372036854775808n);
    expect(() => parseInt64('9223372036854775808')).to.throw(
      'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    );
    expect(() => parseUint('65536', 16)).to.throw('strconv.ParseUint: parsing "65536": value out of range');
  });
  for (const text of ['', '-', '1__0', '_1', '1_', '08', '0x', '1.0', ' 1']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseInt64(text)).to.throw(`strconv.ParseInt: parsing ${quoteGo(text)}: invalid syntax`);
    });
  }
  it('reads plain decimals only where Go does', () => {
    expect(parseAtoi('010')).to.equal(10);
    expect(() => parseAtoi('0x10')).to.throw('strconv.Atoi: parsing "0x10": invalid syntax');
  });
  it('reads booleans and floats', () => {
    expect([parseBool('T'), parseBool('0')]).to.deep.equal([true, false]);
    expect(() => parseBool('yes')).to.throw('strconv.ParseBool: parsing "yes": invalid syntax');
    const texts = ['.5', '5.', '1e3', '0x1p-2', '-inf', '1_0.5'];
    expect(texts.map(parseFloat64)).to.deep.equal([0.5, 5, 1000, 0.25, -Infinity, 10.5]);
    expect(() => parseFloat64('1e999')).to.throw('strconv.ParseFloat: parsing "1e999": value out of range');
  });
});

describe('text/go-float', () => {
  it('prints the shortest form', () => {
    const values = [0, -0, 1.5, 100000, 1e6, 1234567, 0.0001, 0.00001, 1e21, NaN, Infinity];
    const texts = '0 -0 1.5 100000 1e+06 1.234567e+06 0.0001 1e-05 1e+21 NaN +Inf'.split(' ');
    expect(values.map((value) => formatShortest(value))).to.deep.equal(texts);
  });
  it('prints with a precision', () => {
    expect([formatG(123456789, 4), formatG(0.00012345, 3), formatG(100, 3)]).to.deep.equal([
      '1.235e+08',
      '0.000123',
      '100',
    ]);
    expect([formatE(1.5), formatF(2.345, 1), formatF(1e22, 0)]).to.deep.equal([
      '1.500000e+00',
      '2.3',
      '10000000000000000000000',
    ]);
  });
});

describe('text/csv', () => {
  const cases: [string, string[]][] = [
    ['a,b', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a""b"', ['a"b']],
    ['a,', ['a', '']],
    [',', ['', '']],
  ];
  for (const [text, fields] of cases) {
    it(JSON.stringify(text), () => expect(parseCsvRecord(text)).to.deep.equal(fields));
  }
});

describe('text/template JSON', () => {
  it('escapes as Go does', () => {
    expect(jsonString('<é\u2028>\n')).to.equal('"<é\\u2028>\\n"');
    expect(jsonString('<&>', true)).to.equal('"\\u003c\\u0026\\u003e"');
  });
  it('indents text without touching its values', () => {
    expect(indentJson('{"a":[],"b":{},"c":[1e21,{"d":"x,{y}: \\" z"}]}', '  ')).to.equal(
      '{\n  "a": [],\n  "b": {},\n  "c": [\n    1e21,\n    {\n      "d": "x,{y}: \\" z"\n    }\n  ]\n}',
    );
  });
});
