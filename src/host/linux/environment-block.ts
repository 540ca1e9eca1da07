/**
 * The environment block of a new process: Windows' defaults, over them the registry's variables, over them those of the
 * process parameters (hcs.md 3.4, linux-backend.md 7). Names are compared without case; the last spelling stays. Pure.
 */
import type { RegistryVariable } from './launcher-protocol.ts';

export interface EnvironmentSource {
  /** `ContainerAdministrator`. */
  readonly user: string;
  readonly computerName: string;
  /** What `System\…\Session Manager\Environment` and `HKCU\Environment` hold now. */
  readonly registry: readonly RegistryVariable[];
  /** `Environment` of the process parameters; empty values are kept, as moby does. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Shown as NUMBER_OF_PROCESSORS when limited. */
  readonly processors?: number;
}

export type EnvironmentBlock = readonly (readonly [name: string, value: string])[];

/** Sorted without case, as Windows keeps blocks. */
export function environmentBlock(source: EnvironmentSource): EnvironmentBlock {
  const block = new Variables();
  block.setAll(machineDefaults(source));
  addRegistry(block, source.registry, 'system');
  block.setAll(userDefaults(source));
  if (source.processors !== undefined) block.set('NUMBER_OF_PROCESSORS', String(source.processors));
  addRegistry(block, source.registry, 'user');
  block.setAll(source.overrides);
  const path = block.entry('PATH');
  if (path !== undefined) block.set(path[0], withoutEmptyEntries(path[1]));
  return block.sorted();
}

/** Value of a variable whatever its case; undefined when absent. */
export function variable(block: EnvironmentBlock, name: string): string | undefined {
  return block.find(([candidate]) => fold(candidate) === fold(name))?.[1];
}

class Variables {
  readonly #values = new Map<string, readonly [string, string]>();

  set(name: string, value: string): void {
    if (isUsable(name, value)) this.#values.set(fold(name), [name, value]);
  }

  setAll(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  get(name: string): string | undefined {
    return this.#values.get(fold(name))?.[1];
  }

  entry(name: string): readonly [string, string] | undefined {
    return this.#values.get(fold(name));
  }

  sorted(): EnvironmentBlock {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, pair]) => pair);
  }
}

/** Wine's cmd takes an empty entry for a match and then runs nothing, with success: base images end their PATH in `;`. */
function withoutEmptyEntries(path: string): string {
  return path
    .split(';')
    .filter((entry) => entry.trim() !== '')
    .join(';');
}

/** A block cannot hold such an entry; Windows refuses it as well. Names like `=C:` are allowed. */
function isUsable(name: string, value: string): boolean {
  return name !== '' && !name.includes('=', 1) && !name.includes('\0') && !value.includes('\0');
}

function fold(name: string): string {
  return name.toUpperCase();
}

function machineDefaults(source: EnvironmentSource): Record<string, string> {
  return {
    SystemDrive: 'C:',
    SystemRoot: 'C:\\Windows',
    windir: 'C:\\Windows',
    ComSpec: 'C:\\Windows\\system32\\cmd.exe',
    OS: 'Windows_NT',
    PROCESSOR_ARCHITECTURE: 'AMD64',
    ALLUSERSPROFILE: 'C:\\ProgramData',
    ProgramData: 'C:\\ProgramData',
    ProgramFiles: 'C:\\Program Files',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
    ProgramW6432: 'C:\\Program Files',
    CommonProgramFiles: 'C:\\Program Files\\Common Files',
    'CommonProgramFiles(x86)': 'C:\\Program Files (x86)\\Common Files',
    CommonProgramW6432: 'C:\\Program Files\\Common Files',
    PUBLIC: 'C:\\Users\\Public',
    COMPUTERNAME: source.computerName,
  };
}

function userDefaults({ user }: EnvironmentSource): Record<string, string> {
  const profile = `C:\\Users\\${user}`;
  return {
    USERDOMAIN: 'User Manager',
    USERNAME: user,
    USERPROFILE: profile,
    APPDATA: `${profile}\\AppData\\Roaming`,
    LOCALAPPDATA: `${profile}\\AppData\\Local`,
    TEMP: `${profile}\\AppData\\Local\\Temp`,
    TMP: `${profile}\\AppData\\Local\\Temp`,
  };
}

/** Plain values first, because expanded ones may name them; a user's Path is appended to the system's. */
function addRegistry(
  block: Variables,
  registry: readonly RegistryVariable[],
  scope: 'system' | 'user',
): void {
  const ordered = registry
    .filter((entry) => entry.scope === scope)
    .sort((a, b) => Number(a.expand) - Number(b.expand));
  for (const entry of ordered) {
    const value = entry.expand ? expand(block, entry.value) : entry.value;
    const system = scope === 'user' && fold(entry.name) === 'PATH' ? block.get('PATH') : undefined;
    block.set(
      entry.name,
      system === undefined || system === '' ? value : `${system.replace(/;$/, '')};${value}`,
    );
  }
}

function expand(block: Variables, text: string): string {
  return text.replace(/%([^%]+)%/g, (whole, name: string) => block.get(name) ?? whole);
}
