/**
 * Signal names of Docker and what they are on Windows (hcs.md 3.4, 4.4). `hcs` names go to `ComputeProcess.signal`;
 * `terminate` means `ComputeSystem.terminate` or `ComputeProcess.kill`.
 */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};

/** Those that moby's Windows daemon takes; others are `the windows daemon does not support signal %d`. */
const SUPPORTED = new Set([
  'ABRT',
  'ALRM',
  'BUS',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'TRAP',
]);

export interface DockerSignal {
  /** Without `SIG`. */
  readonly name: string;
  readonly number: number;
  readonly supported: boolean;
}

/** `SIGTERM`, `term`, `15`; undefined = `invalid signal: x`. */
export function parseSignal(text: string): DockerSignal | undefined {
  const upper = text.trim().toUpperCase();
  const byNumber = /^\d+$/.test(upper)
    ? Object.entries(NUMBERS).find(([, number]) => number === Number(upper))?.[0]
    : undefined;
  const name = byNumber ?? upper.replace(/^SIG/, '');
  const number = NUMBERS[name];
  return number === undefined ? undefined : { name, number, supported: SUPPORTED.has(name) };
}

export function knownSignal(text: string): boolean {
  return parseSignal(text) !== undefined;
}

/** What a signal does on Windows. INT is Ctrl-C (hcsshim would take its number for CtrlClose), QUIT is Ctrl-Break. */
export function windowsSignal(
  name: string,
): 'CtrlC' | 'CtrlBreak' | 'CtrlClose' | 'CtrlShutdown' | 'terminate' {
  switch (name) {
    case 'KILL':
      return 'terminate';
    case 'INT':
      return 'CtrlC';
    case 'QUIT':
      return 'CtrlBreak';
    case 'HUP':
      return 'CtrlClose';
    default:
      return 'CtrlShutdown';
  }
}
