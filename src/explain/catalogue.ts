/**
 * Everything that `explain` knows, as one table. Facts: hcs.md 2 and 8, networking.md 2.4 and 8, users.md 5.3 and 5.6-5.7, the
 * Windows SDK's winerror.h and ntstatus.h for symbols. System texts and hints that errors print come from the error tables
 * themselves, so that there is one of each.
 */
import { hresultHint, hresultName, hresultText } from '../hcs/hresult.ts';
import { hnsHint, hnsText } from '../hns/hns-error.ts';
import { exitRows, hresultRows } from './data/codes.ts';
import { hcsRows } from './data/hcs.ts';
import { hnsRows } from './data/hns.ts';
import { messageRows } from './data/messages.ts';
import { ntstatusRows } from './data/ntstatus.ts';
import { win32Rows } from './data/win32.ts';
import { pages } from './explanation.ts';
import type { Explanation, Family, Row } from './explanation.ts';

/** Version of the table: the day it was last checked against its sources. */
export const catalogueVersion = '2026-11-22';

const hexadecimal = (code: number, digits: number): string =>
  code.toString(16).toUpperCase().padStart(digits, '0');

function fromRow(family: Family, id: string, row: Row, page: string): Explanation {
  const { code, name, title, hint, cause, fix = [], see = [], aliases = [], context, pattern } = row;
  return {
    id,
    family,
    code,
    names: [name, ...aliases],
    title,
    hint,
    cause,
    fix,
    see: [...see, page],
    ...(context === undefined ? {} : { context }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}

const hcs: readonly Explanation[] = hcsRows.map((row) => {
  // 0103 exists in vmcompute's family only; the others are spelled alike in both.
  const hresult = (row.code === 0x0103 ? 0xc0370000 : 0x80370000) + row.code;
  const name = hresultName(hresult) ?? `HCS ${hexadecimal(row.code, 4)}`;
  const title = hresultText(hresult);
  const hint = hresultHint(hresult) ?? row.hint;
  const entry = fromRow(
    'hcs',
    `PH-HCS-${hexadecimal(row.code, 4)}`,
    { ...row, name, title, hint },
    pages.hcs,
  );
  const other = name.replace(/^HCS_E_/, 'ERROR_VMCOMPUTE_');
  return other === name ? entry : { ...entry, names: [name, other] };
});

const hns: readonly Explanation[] = hnsRows.map((row) => {
  const hresult = 0x803b0000 + row.code;
  const known = hnsText(hresult);
  const title = known === 'Unknown error' ? (row.title ?? known) : known;
  const hint = hnsHint(hresult) ?? row.hint;
  return fromRow('hns', `PH-HNS-${hexadecimal(row.code, 4)}`, { ...row, title, hint }, pages.networking);
});

const suffix = ({ context }: Row): string => (context === undefined ? '' : `-${context.toUpperCase()}`);

const win32: readonly Explanation[] = win32Rows.map((row) => {
  const own = row.context === undefined ? hresultHint(0x80070000 + row.code) : undefined;
  const hint = own ?? row.hint;
  return fromRow('win32', `PH-WIN32-${row.code}${suffix(row)}`, { ...row, hint }, pages.win32);
});
const ntstatus: readonly Explanation[] = ntstatusRows.map((row) =>
  fromRow('ntstatus', `PH-NT-${hexadecimal(row.code, 8)}`, row, pages.ntstatus),
);
const hresult: readonly Explanation[] = hresultRows.map((row) =>
  fromRow('hresult', `PH-HR-${hexadecimal(row.code, 8)}`, row, pages.win32),
);
const exit: readonly Explanation[] = exitRows.map(({ ...row }) => {
  const entry = fromRow('exit', `PH-EXIT-${row.code === 0xffffffff ? 'FFFFFFFF' : row.code}`, row, '');
  return { ...entry, see: row.see ?? [] };
});
const messages: readonly Explanation[] = messageRows.map((row) => ({
  id: `PH-MSG-${row.slug}`,
  family: 'message',
  names: [],
  title: row.title,
  hint: row.hint,
  cause: row.cause,
  fix: row.fix ?? [],
  see: row.see ?? [],
  pattern: row.pattern,
  ...(row.weak === undefined ? {} : { weak: row.weak }),
}));

export const catalogue: readonly Explanation[] = [
  ...hcs,
  ...hns,
  ...win32,
  ...ntstatus,
  ...hresult,
  ...exit,
  ...messages,
];
