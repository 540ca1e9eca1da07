/** What kind of number a code is, from its bits alone (MS-ERREF: HRESULT and NTSTATUS layouts). */

/** `hex`: `0xC0370106`. */
export interface CodeDescription {
  readonly code: number;
  readonly hex: string;
  readonly kind: 'hresult' | 'ntstatus' | 'win32' | 'exception' | 'number';
  readonly text: string;
  /** The Win32 code inside an HRESULT of facility 7, the NTSTATUS inside one with the NT bit. */
  readonly inner?: { readonly kind: 'win32' | 'ntstatus'; readonly code: number };
}

const facilities: ReadonlyMap<number, string> = new Map([
  [0x00, 'general'],
  [0x01, 'RPC'],
  [0x02, 'COM dispatch'],
  [0x03, 'storage'],
  [0x04, 'an interface of its own'],
  [0x07, 'Win32'],
  [0x08, 'Windows'],
  [0x09, 'security'],
  [0x0a, 'control'],
  [0x0b, 'certificates'],
  [0x0c, 'internet'],
  [0x0f, 'setup'],
  [0x13, '.NET'],
  [0x19, 'HTTP'],
  [0x1f, 'filter manager'],
  [0x24, 'Windows Update'],
  [0x37, 'host compute service (HCS)'],
  [0x3a, 'virtual disks'],
  [0x3b, 'host network service (HNS)'],
  [0x3c, 'FVE (BitLocker)'],
]);

export function hexCode(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(8, '0')}`;
}

const letters = (code: number): string | undefined => {
  const text = [16, 8, 0].map((shift) => String.fromCharCode((code >>> shift) & 0xff)).join('');
  return /^[A-Za-z0-9]{3}$/.test(text) ? text : undefined;
};

/** `code`: unsigned 32-bit. */
export function describeCode(code: number): CodeDescription {
  const hex = hexCode(code);
  const facility = (code >>> 16) & 0x7ff;
  const facilityName = facilities.get(facility);
  const low = code & 0xffff;
  if (code <= 0xffff) {
    return {
      code,
      hex,
      kind: 'win32',
      text: 'a Win32 error code, or an exit code that the program chose',
    };
  }
  const top = code >>> 28;
  if (top === 0xe) {
    const name = letters(code);
    return {
      code,
      hex,
      kind: 'exception',
      text: `an exception code of a programming language or library${name === undefined ? '' : ` ("${name}")`}`,
    };
  }
  if (top === 0x8 && facility === 7) {
    return {
      code,
      hex,
      kind: 'hresult',
      text: `an HRESULT that holds the Win32 error ${low}`,
      inner: { kind: 'win32', code: low },
    };
  }
  if (top === 0xd) {
    const status = (code & ~0x10000000) >>> 0;
    return {
      code,
      hex,
      kind: 'hresult',
      text: `an HRESULT that holds the NTSTATUS ${hexCode(status)}`,
      inner: { kind: 'ntstatus', code: status },
    };
  }
  if (top === 0x8 || (top === 0xc && [0x37, 0x3a].includes(facility))) {
    const origin = facilityName ?? `facility 0x${facility.toString(16).toUpperCase()}`;
    return { code, hex, kind: 'hresult', text: `an HRESULT of ${origin}, number ${low}` };
  }
  if (top === 0xc) return { code, hex, kind: 'ntstatus', text: 'an NTSTATUS with severity error' };
  if (top === 0x4) return { code, hex, kind: 'ntstatus', text: 'an NTSTATUS with severity information' };
  return { code, hex, kind: 'number', text: 'neither an HRESULT nor an NTSTATUS: the program chose it' };
}
