/**
 * The system call filter of containers, as the kernel takes it: `sock_filter` structures (u16 code, u8 jt, u8 jf, u32 k).
 * A deny list, because Wine and the programs it runs use nearly everything else (linux-backend.md 5.2). ptrace and
 * process_vm_* stay allowed: Wine needs them for WriteProcessMemory and thread contexts, and they reach nobody outside.
 */

/** x86-64 numbers of the calls that fail with EPERM. */
export const deniedCalls: Readonly<Record<string, number>> = {
  iopl: 172,
  ioperm: 173,
  pivot_root: 155,
  acct: 163,
  settimeofday: 164,
  mount: 165,
  umount2: 166,
  swapon: 167,
  swapoff: 168,
  reboot: 169,
  sethostname: 170,
  setdomainname: 171,
  create_module: 174,
  init_module: 175,
  delete_module: 176,
  quotactl: 179,
  nfsservctl: 180,
  clock_settime: 227,
  kexec_load: 246,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  migrate_pages: 256,
  unshare: 272,
  move_pages: 279,
  vmsplice: 278,
  perf_event_open: 298,
  name_to_handle_at: 303,
  open_by_handle_at: 304,
  clock_adjtime: 305,
  setns: 308,
  finit_module: 313,
  kexec_file_load: 320,
  bpf: 321,
  userfaultfd: 323,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  mount_setattr: 442,
  quotactl_fd: 443,
};

const clone = 56;
const clone3 = 435;
/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}. */
const namespaceFlags = 0x7e020000;

const auditArchX86_64 = 0xc000003e;
const x32Bit = 0x40000000;
const allow = 0x7fff0000;
const failWith = (errno: number): number => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;

const loadWord = 0x20;
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const jumpIfAnyBit = 0x45;
const ret = 0x06;

interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const offsetOfNumber = 0;
const offsetOfArch = 4;
const offsetOfFirstArgument = 16;

/** clone3 keeps its flags in memory, where a filter cannot look: ENOSYS makes the C library use clone. */
export function seccompFilter(): Buffer {
  const denied = Object.values(deniedCalls).sort((a, b) => a - b);
  const program: Instruction[] = [
    { code: loadWord, jt: 0, jf: 0, k: offsetOfArch },
    { code: jumpIfEqual, jt: 1, jf: 0, k: auditArchX86_64 },
    { code: ret, jt: 0, jf: 0, k: failWith(ENOSYS) },
    { code: loadWord, jt: 0, jf: 0, k: offsetOfNumber },
    { code: jumpIfAtLeast, jt: 0, jf: 1, k: x32Bit },
    { code: ret, jt: 0, jf: 0, k: failWith(ENOSYS) },
    { code: jumpIfEqual, jt: 0, jf: 1, k: clone3 },
    { code: ret, jt: 0, jf: 0, k: failWith(ENOSYS) },
    { code: jumpIfEqual, jt: 0, jf: 4, k: clone },
    { code: loadWord, jt: 0, jf: 0, k: offsetOfFirstArgument },
    { code: jumpIfAnyBit, jt: 0, jf: 1, k: namespaceFlags },
    { code: ret, jt: 0, jf: 0, k: failWith(EPERM) },
    { code: ret, jt: 0, jf: 0, k: allow },
    ...denied.map((number, index) => ({ code: jumpIfEqual, jt: denied.length - index, jf: 0, k: number })),
    { code: ret, jt: 0, jf: 0, k: allow },
    { code: ret, jt: 0, jf: 0, k: failWith(EPERM) },
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.jt, index * 8 + 2);
    bytes.writeUInt8(instruction.jf, index * 8 + 3);
    bytes.writeUInt32LE(instruction.k, index * 8 + 4);
  });
  return bytes;
}
