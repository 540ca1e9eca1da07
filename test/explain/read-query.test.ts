import { expect } from 'chai';
import { describeCode } from '../../src/explain/describe-code.ts';
import { findExplanations } from '../../src/explain/find.ts';
import { parseCode, readQuery } from '../../src/explain/read-query.ts';
import { Seeded } from '../support/seeded.ts';

describe('explain/parseCode', () => {
  const cases: [string, number | undefined][] = [
    ['5', 5],
    ['0x5', 5],
    ['0X80070005', 0x80070005],
    ['80070005h', 0x80070005],
    ['C0000135', 0xc0000135],
    ['e0434352', 0xe0434352],
    ['-1073741515', 0xc0000135],
    ['3221225781', 3221225781],
    ['4294967295', 0xffffffff],
    ['-1', 0xffffffff],
    ['0', 0],
    ['4294967296', undefined],
    ['-2147483649', undefined],
    ['99999999', 99999999],
    ['0x', undefined],
    ['0x1234567890', undefined],
    ['1.5', undefined],
    ['deadbeef', 0xdeadbeef],
    ['access', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${String(expected)}`, () => expect(parseCode(text)).to.equal(expected));
  }
});

describe('explain/readQuery', () => {
  const codes = (text: string) => readQuery(text).codes.map(({ code, place }) => [code, place]);

  it('takes codes out of texts, by where they stand', () => {
    expect(codes('start failed: (0xc0370106), exit code 3221225781, error 5')).to.deep.equal([
      [0xc0370106, 'hex'],
      [3221225781, 'exit'],
      [5, 'win32'],
    ]);
    expect(codes('Exited (-1073741515) 3 minutes ago')).to.deep.equal([[0xc0000135, 'exit']]);
    expect(codes('returned a non-zero code: 3010')).to.deep.equal([[3010, 'exit']]);
    expect(codes('NTSTATUS C0000022 on SYSTEM')).to.deep.equal([[0xc0000022, 'hex']]);
  });

  it('leaves versions, addresses, times, ports and IDs alone', () => {
    for (const text of [
      'image 10.0.20348.2227 on 172.30.0.1:8080 at 2026-01-02T03:04:05Z',
      'container 4e5021d210f65d1bb2de8e4b8a8a0b0f0e4e5021d210f65d1bb2de8e4b8a8a0b',
      'sha256:80070005aa 1700000000-1.log',
    ]) {
      expect(codes(text), text).to.deep.equal([]);
    }
  });

  it('never fails, whatever it is asked', () => {
    const random = new Seeded(7);
    const parts = [
      '0x',
      'C0',
      '-',
      '1',
      'exit code ',
      'hnsCall ',
      '\n',
      '€',
      '(',
      'PH-',
      'ERROR_',
      '80070005',
      ' ',
    ];
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 12 }, () => parts[random.below(parts.length)]).join('');
      const { matches, unknown } = findExplanations(text);
      expect(matches.length + unknown.length).to.be.at.least(0);
    }
    for (let round = 0; round < 500; round++) {
      const code = random.below(0x100000000);
      const { matches, unknown } = findExplanations(String(code));
      expect(matches.length + unknown.length, String(code)).to.be.at.least(1);
    }
  });

  it('is quick on a long text', () => {
    const text = 'hcsshim::PrepareLayer failed in Win32 (((('.repeat(20_000);
    expect(findExplanations(text).unknown).to.deep.equal([]);
  });
});

describe('explain/describeCode', () => {
  const cases: [number, string, string][] = [
    [0x80370999, 'hresult', 'an HRESULT of host compute service (HCS), number 2457'],
    [0xc0370999, 'hresult', 'an HRESULT of host compute service (HCS), number 2457'],
    [0x803b0999, 'hresult', 'an HRESULT of host network service (HNS), number 2457'],
    [0x80071234, 'hresult', 'an HRESULT that holds the Win32 error 4660'],
    [0xd0000022, 'hresult', 'an HRESULT that holds the NTSTATUS 0xC0000022'],
    [0x87654321, 'hresult', 'an HRESULT of facility 0x765, number 17185'],
    [0xc0001234, 'ntstatus', 'an NTSTATUS with severity error'],
    [0x40001234, 'ntstatus', 'an NTSTATUS with severity information'],
    [0xe0415353, 'exception', 'an exception code of a programming language or library ("ASS")'],
    [4660, 'win32', 'a Win32 error code, or an exit code that the program chose'],
    [0x12345678, 'number', 'neither an HRESULT nor an NTSTATUS: the program chose it'],
  ];
  for (const [code, kind, text] of cases) {
    it(`0x${code.toString(16)}: ${text}`, () => {
      expect(describeCode(code)).to.include({ kind, text });
    });
  }
});
