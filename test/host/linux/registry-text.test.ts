import { expect } from 'chai';
import {
  bytesValue,
  decodeString,
  dwordValue,
  escapeKey,
  escapeName,
  expandedStringValue,
  formatHive,
  multiStringValue,
  parseBlock,
  parseHive,
  stringValue,
} from '../../../src/host/linux/registry-text.ts';

const sample = String.raw`WINE REGISTRY Version 2
;; All keys relative to REGISTRY\\Machine

#arch=win64

[Software\\Acme] 1795313773
#time=1dd7a2772b023fc
@="default"
"Number"=dword:00000001
"Path"=str(2):"%SystemRoot%\\x"

[Software\\Acme\\Odd \[name\]] 1795313773
#time=1dd7a2772b023fc
"Long"=hex:00,01,02,03,\
  04,05
"Quote\"d"="a=b"

`;

describe('Wine registry text', () => {
  it('keeps a hive as it was', () => {
    expect(formatHive(parseHive(sample))).to.equal(sample);
  });

  it('finds keys without case, with brackets in their names', () => {
    expect([...parseHive(sample).blocks.keys()]).to.deep.equal([
      'software\\\\acme',
      'software\\\\acme\\\\odd \\[name\\]',
    ]);
  });

  it('reads values by folded name and joins continued lines', () => {
    const block = parseHive(sample).blocks.get('software\\\\acme\\\\odd \\[name\\]')!;
    const { values, head } = parseBlock(block.text);

    expect(Object.fromEntries([...values].map(([name, { value }]) => [name, value]))).to.deep.equal({
      '"long"': 'hex:00,01,02,03,04,05',
      '"quote\\"d"': '"a=b"',
    });
    expect(head).to.equal('[Software\\\\Acme\\\\Odd \\[name\\]] 1795313773\n#time=1dd7a2772b023fc\n');
  });

  it('merges a key that comes again, the later value winning', () => {
    const hive = parseHive(`${sample}[software\\\\ACME] 0\n"number"=dword:00000002\n"New"="x"\n`);
    const { values } = parseBlock(hive.blocks.get('software\\\\acme')!.text);

    expect(values.get('"number"')?.value).to.equal('dword:00000002');
    expect(values.get('"new"')?.value).to.equal('"x"');
    expect(values.get('@')?.value).to.equal('"default"');
  });

  it('takes a file without keys', () => {
    const hive = parseHive('WINE REGISTRY Version 2\n');
    expect([hive.head, hive.blocks.size]).to.deep.equal(['WINE REGISTRY Version 2\n', 0]);
  });

  for (const [name, actual, expected] of [
    ['text', stringValue('a\\b "c"'), String.raw`"a\\b \"c\""`],
    ['control characters', stringValue('a\r\n\t\0'), String.raw`"a\r\n\t\0"`],
    ['beyond ASCII', stringValue('é日'), String.raw`"\xe9\x65e5"`],
    ['beyond ASCII before a hex digit', stringValue('éa'), String.raw`"\x00e9a"`],
    ['expanded text', expandedStringValue('%A%\\b'), String.raw`str(2):"%A%\\b"`],
    ['several texts', multiStringValue(['a', 'b']), String.raw`str(7):"a\0b\0"`],
    ['a number', dwordValue(0xdeadbeef), 'dword:deadbeef'],
    ['a negative number', dwordValue(-1), 'dword:ffffffff'],
    ['bytes', bytesValue(3, Buffer.from([0, 255])), 'hex:00,ff'],
    ['bytes of another type', bytesValue(11, Buffer.from([1])), 'hex(b):01'],
    ['a key', escapeKey('Software\\A[b]'), String.raw`Software\\A\[b\]`],
    ['a name', escapeName('a"b\\c'), String.raw`"a\"b\\c"`],
    ['the default name', escapeName(''), '@'],
  ] as const)
    it(`writes ${name} as Wine does`, () => {
      expect(actual).to.equal(expected);
    });

  for (const text of ['', 'plain', 'a\\b "c"', 'é日a', 'x\r\n\t\0y'])
    it(`reads back ${JSON.stringify(text)}`, () => {
      expect(decodeString(stringValue(text))).to.deep.equal({ text, expand: false });
      expect(decodeString(expandedStringValue(text))).to.deep.equal({ text, expand: true });
    });

  it('decodes no other types', () => {
    expect(decodeString('dword:00000001')).to.equal(undefined);
  });
});
