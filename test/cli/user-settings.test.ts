import { expect } from 'chai';
import { configFolder, dataRootFolder, homeFolder, usesColor } from '../../src/cli/user-settings.ts';
import type { Account } from '../../src/cli/user-settings.ts';

const account = (more: Partial<Account> = {}): Account => ({
  platform: 'linux',
  env: { HOME: '/home/me' },
  uid: 1000,
  elevated: () => true,
  home: () => '/passwd/home',
  ...more,
});
const windows = (env: Account['env'] = {}): Account => account({ platform: 'win32', uid: undefined, env });

describe('cli/user-settings', () => {
  const roots: [string, Account, string][] = [
    ['root', account({ uid: 0 }), '/var/lib/porthole'],
    ['an ordinary user', account(), '/home/me/.local/share/porthole'],
    ['XDG_DATA_HOME', account({ env: { XDG_DATA_HOME: '/data' } }), '/data/porthole'],
    ['no HOME', account({ env: {} }), '/passwd/home/.local/share/porthole'],
    ['PORTHOLE_DATA_ROOT', account({ uid: 0, env: { PORTHOLE_DATA_ROOT: 'here' } }), 'here'],
    ['Windows', windows({ ProgramData: 'D:\\PD' }), 'D:\\PD\\porthole'],
    [
      'Windows without elevation',
      { ...windows({ LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }), elevated: () => false },
      'C:\\Users\\me\\AppData\\Local\\porthole',
    ],
    [
      'Windows without elevation and LOCALAPPDATA',
      { ...windows({ USERPROFILE: 'D:\\me' }), elevated: () => false },
      'D:\\me\\AppData\\Local\\porthole',
    ],
    ['Windows without ProgramData', windows(), 'C:\\ProgramData\\porthole'],
  ];
  for (const [title, given, expected] of roots) {
    it(`keeps data for ${title} in ${expected}`, () => expect(dataRootFolder(given)).to.equal(expected));
  }

  const configs: [string, Account, string][] = [
    ['an ordinary user', account(), '/home/me/.docker'],
    ['DOCKER_CONFIG', account({ env: { DOCKER_CONFIG: '/c' } }), '/c'],
    ['PORTHOLE_CONFIG', account({ env: { DOCKER_CONFIG: '/c', PORTHOLE_CONFIG: '/p' } }), '/p'],
    ['Windows', windows({ USERPROFILE: 'C:\\Users\\me' }), 'C:\\Users\\me\\.docker'],
  ];
  for (const [title, given, expected] of configs) {
    it(`reads the configuration for ${title} from ${expected}`, () => {
      expect(configFolder(given)).to.equal(expected);
    });
  }

  it('asks the account for its home only without a variable', () => {
    expect([homeFolder(account()), homeFolder(account({ env: {} }))]).to.deep.equal([
      '/home/me',
      '/passwd/home',
    ]);
  });

  const colors: [Account['env'], boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
    [{ TERM: 'dumb', FORCE_COLOR: '3' }, true, true],
  ];
  for (const [env, isTTY, expected] of colors) {
    it(`${expected ? 'uses' : 'uses no'} colours with ${JSON.stringify(env)}${isTTY ? ' on a terminal' : ''}`, () => {
      expect(usesColor(env, isTTY)).to.equal(expected);
    });
  }
});
