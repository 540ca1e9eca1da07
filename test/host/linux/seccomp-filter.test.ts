import { expect } from 'chai';
import { deniedCalls, seccompFilter } from '../../../src/host/linux/seccomp-filter.ts';

const allowed = 'allow';

/** Runs the filter as the kernel does: classic BPF over `struct seccomp_data`. */
function decide(call: number, options: { arch?: number; argument?: number } = {}): string {
  const filter = seccompFilter();
  const data: Record<number, number> = { 0: call, 4: options.arch ?? 0xc000003e, 16: options.argument ?? 0 };
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const [code, jt, jf, k] = [
      filter.readUInt16LE(at * 8),
      filter.readUInt8(at * 8 + 2),
      filter.readUInt8(at * 8 + 3),
      filter.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x20) accumulator = data[k]!;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jt : jf;
    else return k === 0x7fff0000 ? allowed : `errno ${k & 0xffff}`;
  }
}

describe('system call filter', () => {
  for (const [name, number] of Object.entries(deniedCalls))
    it(`denies ${name}`, () => {
      expect(decide(number)).to.equal('errno 1');
    });

  for (const [name, number] of Object.entries({
    read: 0,
    write: 1,
    mmap: 9,
    ptrace: 101,
    futex: 202,
    memfd_create: 319,
    process_vm_writev: 311,
  }))
    it(`allows ${name}, which Wine needs`, () => {
      expect(decide(number)).to.equal(allowed);
    });

  it('allows clone for threads and processes, not for namespaces', () => {
    const thread = 0x003d0f00;
    expect(decide(56, { argument: thread })).to.equal(allowed);
    for (const flag of [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
      expect(decide(56, { argument: flag | 17 })).to.equal('errno 1');
  });

  it('makes clone3, other architectures and x32 unknown', () => {
    expect(decide(435)).to.equal('errno 38');
    expect(decide(0, { arch: 0x40000003 })).to.equal('errno 38');
    expect(decide(0x40000000)).to.equal('errno 38');
  });
});
