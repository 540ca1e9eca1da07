import { expect } from 'chai';
import {
  environmentBlock,
  variable,
  type EnvironmentSource,
} from '../../../src/host/linux/environment-block.ts';

const bare: EnvironmentSource = {
  user: 'ContainerUser',
  computerName: 'WEB1',
  registry: [],
  overrides: {},
};

const system = (name: string, value: string, expand = false) =>
  ({ scope: 'system', name, value, expand }) as const;
const user = (name: string, value: string, expand = false) =>
  ({ scope: 'user', name, value, expand }) as const;

describe('environment block', () => {
  it("drops empty entries of PATH, with which Wine's cmd takes any program for found", () => {
    const block = environmentBlock({ ...bare, overrides: { Path: 'C:\\Windows\\system32;;C:\\Windows;' } });

    expect(variable(block, 'PATH')).to.equal('C:\\Windows\\system32;C:\\Windows');
  });

  it("starts from Windows' defaults, sorted without case", () => {
    expect(Object.fromEntries(environmentBlock(bare))).to.deep.equal({
      ALLUSERSPROFILE: 'C:\\ProgramData',
      APPDATA: 'C:\\Users\\ContainerUser\\AppData\\Roaming',
      CommonProgramFiles: 'C:\\Program Files\\Common Files',
      'CommonProgramFiles(x86)': 'C:\\Program Files (x86)\\Common Files',
      CommonProgramW6432: 'C:\\Program Files\\Common Files',
      COMPUTERNAME: 'WEB1',
      ComSpec: 'C:\\Windows\\system32\\cmd.exe',
      LOCALAPPDATA: 'C:\\Users\\ContainerUser\\AppData\\Local',
      OS: 'Windows_NT',
      PROCESSOR_ARCHITECTURE: 'AMD64',
      ProgramData: 'C:\\ProgramData',
      ProgramFiles: 'C:\\Program Files',
      'ProgramFiles(x86)': 'C:\\Program Files (x86)',
      ProgramW6432: 'C:\\Program Files',
      PUBLIC: 'C:\\Users\\Public',
      SystemDrive: 'C:',
      SystemRoot: 'C:\\Windows',
      TEMP: 'C:\\Users\\ContainerUser\\AppData\\Local\\Temp',
      TMP: 'C:\\Users\\ContainerUser\\AppData\\Local\\Temp',
      USERDOMAIN: 'User Manager',
      USERNAME: 'ContainerUser',
      USERPROFILE: 'C:\\Users\\ContainerUser',
      windir: 'C:\\Windows',
    });
    const names = environmentBlock(bare).map(([name]) => name.toUpperCase());
    expect(names).to.deep.equal([...names].sort());
  });

  it('replaces names in any case, and keeps the last spelling', () => {
    const block = environmentBlock({ ...bare, registry: [system('Path', 'a')], overrides: { PATH: 'b' } });
    expect(block.filter(([name]) => name.toUpperCase() === 'PATH')).to.deep.equal([['PATH', 'b']]);
  });

  it('expands registry values by plain ones, whatever their order', () => {
    const block = environmentBlock({
      ...bare,
      registry: [system('JAVA', '%BASE%\\bin;%systemroot%;%none%', true), system('BASE', 'C:\\java')],
    });
    expect(variable(block, 'java')).to.equal('C:\\java\\bin;C:\\Windows;%none%');
  });

  it("does not expand plain values, and appends the user's Path", () => {
    const block = environmentBlock({
      ...bare,
      registry: [system('Path', 'C:\\a;'), user('PATH', '%USERPROFILE%\\bin', true), system('RAW', '%OS%')],
    });
    expect(variable(block, 'Path')).to.equal('C:\\a;C:\\Users\\ContainerUser\\bin');
    expect(variable(block, 'raw')).to.equal('%OS%');
  });

  it("keeps the account's names over those of the machine", () => {
    const block = environmentBlock({ ...bare, registry: [system('USERNAME', 'SYSTEM')] });
    expect(variable(block, 'USERNAME')).to.equal('ContainerUser');
  });

  it('keeps empty values, values with =, and text beyond ASCII', () => {
    const block = environmentBlock({ ...bare, overrides: { EMPTY: '', EQ: 'a=b', ÜÑI: '日本語' } });
    expect([variable(block, 'empty'), variable(block, 'EQ'), variable(block, 'üñi')]).to.deep.equal([
      '',
      'a=b',
      '日本語',
    ]);
  });

  it('drops what no block can hold', () => {
    const block = environmentBlock({
      ...bare,
      overrides: { '': 'x', 'A=B': 'x', NUL: 'a\0b', '=C:': 'C:\\' },
    });
    const names = block.map(([name]) => name);
    expect(names).to.not.include.members(['']);
    expect(names).to.not.include('A=B');
    expect(names).to.not.include('NUL');
    expect(names).to.include('=C:');
  });

  it('shows fewer processors when limited, unless the image says otherwise', () => {
    const registry = [system('NUMBER_OF_PROCESSORS', '8')];
    expect(variable(environmentBlock({ ...bare, registry, processors: 2 }), 'NUMBER_OF_PROCESSORS')).to.equal(
      '2',
    );
    const overrides = { NUMBER_OF_PROCESSORS: '1' };
    expect(
      variable(environmentBlock({ ...bare, registry, processors: 2, overrides }), 'NUMBER_OF_PROCESSORS'),
    ).to.equal('1');
  });
});
