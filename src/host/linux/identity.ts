/** Accounts and names of containers (linux-backend.md 7; hcs.md 3.4). Pure. */

/** The account that Wine is booted as, and that processes without one run as. */
export const defaultUser = 'ContainerAdministrator';

/** Accepted spellings of the accounts that exist, folded -> name shown to programs. */
const accounts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '': defaultUser,
    containeradministrator: defaultUser,
    'user manager\\containeradministrator': defaultUser,
    's-1-5-93-2-1': defaultUser,
    containeruser: 'ContainerUser',
    'user manager\\containeruser': 'ContainerUser',
    's-1-5-93-2-2': 'ContainerUser',
    // Wine models no restricted accounts: everybody has an administrator's rights.
    'nt authority\\system': defaultUser,
    system: defaultUser,
    administrator: defaultUser,
    'builtin\\administrators': defaultUser,
  }),
);

/** Undefined for an account that Wine does not have. */
export function userOf(user: string | undefined): string | undefined {
  return accounts.get((user ?? '').toLowerCase());
}

/** COMPUTERNAME is the host name, upper case, at most 15 characters. */
export function computerNameOf(hostname: string): string {
  return hostname.toUpperCase().slice(0, 15);
}
