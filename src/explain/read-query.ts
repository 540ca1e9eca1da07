/** What somebody asks: one code, one symbol, or a text with codes in it. Pure. */
import type { Context } from './explanation.ts';

/** `exit`: the words around it say that it is an exit code. `exact`: it is all that was asked. */
export interface FoundCode {
  /** Unsigned 32-bit. */
  readonly code: number;
  /** As it was written. */
  readonly shown: string;
  readonly place: 'exact' | 'hex' | 'exit' | 'win32' | 'large';
}

export interface Query {
  readonly text: string;
  readonly codes: readonly FoundCode[];
  /** Symbols and `PH-…` ids, upper case. */
  readonly names: readonly string[];
  readonly contexts: ReadonlySet<Context>;
  /** All of it is one code, or one symbol. */
  readonly exact: boolean;
}

const contexts: readonly (readonly [Context, RegExp])[] = [
  ['network', /\bhns|\bhcn|networkcontroller|\bendpoint\b|port is already|driver failed programming/i],
  [
    'layer',
    /(?:Prepare|Activate|Deactivate|Unprepare|Import|Export|Destroy|Create\w*|Expand\w*|GetLayer\w*|Process\w*)Layer|ProcessBaseImage|ProcessUtilit|failed to register layer|re-exec error|windowsfilter|wclayer/i,
  ],
  [
    'create',
    /(?:Create|Start)ComputeSystem|during (?:hcs(?:shim)?::System::)?(?:CreateContainer|Create|Start):/i,
  ],
  [
    'process',
    /CreateProcess|exec failed|encountered an error during (?:CreateProcess|hcs::System::CreateProcess)|container_linux/i,
  ],
  ['hyperv', /hyper-?v|utility VM/i],
  ['registry', /\/\/\.\/pipe\//i],
];

/** An unsigned 32-bit number, or undefined where the digits do not fit into 32 bits. */
function fold(value: number): number | undefined {
  if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) return undefined;
  return value >>> 0;
}

/** `0x80070005`, `80070005h`, `C0000135`, `-1073741515`, `5`. Undefined for anything else. */
export function parseCode(word: string): number | undefined {
  const hex = /^(?:0x([0-9a-f]{1,8})|([0-9a-f]{1,8})h|([0-9a-f]{8}))$/i.exec(word);
  const digits = hex?.[1] ?? hex?.[2] ?? (/^\d+$/.test(word) ? undefined : hex?.[3]);
  if (digits !== undefined) return Number.parseInt(digits, 16);
  return /^-?\d{1,10}$/.test(word) ? fold(Number(word)) : undefined;
}

const symbol =
  /\b(?:(?:ERROR|STATUS|HCS_E|HCN_E|GCN_E|RPC_S|EPT_S|DBG|[A-Z]{2,7}_E|E)_[A-Z0-9_]+|WSA[A-Z_]{4,})\b/g;
const identifier = /\bPH-(?:[A-Z0-9]+-)*[A-Z0-9]+\b/gi;

export function readQuery(text: string): Query {
  const trimmed = text.trim();
  const bare = trimmed.replace(/^[('"]+|[)'".,;:]+$/g, '');
  const single = parseCode(bare);
  const found = new Map<number, FoundCode>();
  const add = (digits: string, code: number | undefined, place: FoundCode['place']): void => {
    if (code !== undefined && !found.has(code)) found.set(code, { code, shown: digits, place });
  };
  if (single !== undefined) add(bare, single, 'exact');
  else {
    for (const [shown] of trimmed.matchAll(/\b0x[0-9a-f]{1,8}\b/gi)) add(shown, parseCode(shown), 'hex');
    const exits =
      /(?:exit(?:ed)?(?: status| code| with(?: code)?)*|exitcode|non-zero code|errorlevel)[\s:=(]*(-?\d{1,10})\b/gi;
    for (const [, digits] of trimmed.matchAll(exits)) add(digits!, fold(Number(digits)), 'exit');
    const errors = /(?:\b(?:error|win32|errno|code)(?: code| number)?)[\s:=#(]+(\d{1,5})\b/gi;
    for (const [, digits] of trimmed.matchAll(errors)) add(digits!, fold(Number(digits)), 'win32');
    for (const [digits] of trimmed.matchAll(/(?<![\w.:-])-\d{7,10}\b/g))
      add(digits, fold(Number(digits)), 'large');
    for (const [digits] of trimmed.matchAll(/(?<![\w.:/-])\d{10}(?![\w.-])/g)) {
      const code = fold(Number(digits));
      if (code !== undefined && code >= 0x80000000) add(digits, code, 'large');
    }
    for (const [digits] of trimmed.matchAll(/(?<![\w-])[CDE8][0-9A-F]{7}(?![\w-])/g)) {
      if (!/^\d+$/.test(digits) || /^8[0-9]{7}$/.test(digits))
        add(digits, Number.parseInt(digits, 16), 'hex');
    }
  }
  const upper = trimmed.toUpperCase();
  const names = [
    ...(trimmed.match(identifier) ?? []),
    ...((/\s/.test(trimmed) ? trimmed : upper).match(symbol) ?? []),
  ].map((name) => name.toUpperCase());
  return {
    text: trimmed,
    codes: [...found.values()],
    names: [...new Set(names)],
    contexts: new Set(contexts.filter(([, pattern]) => pattern.test(trimmed)).map(([context]) => context)),
    exact: single !== undefined || (names.length === 1 && !/\s/.test(trimmed)),
  };
}
