import { expect } from 'chai';
import { isGitAddress, parseGitAddress } from '../../src/remote/git-address.ts';

describe('remote/git-address', () => {
  const known: [string, boolean][] = [
    ['https://example.com/a.git', true],
    ['http://example.com/a.git#main:dir', true],
    ['git://example.com/a', true],
    ['ssh://git@example.com/a', true],
    ['git@example.com:a/b.git#v1', true],
    ['https://example.com/a.git#', false],
    ['https://example.com/a.git/x', false],
    ['https://example.com/a.tar.gz', false],
    ['ext::sh -c x', false],
    ['file:///a.git', false],
    ['-c x.git', false],
    ['a.git', false],
  ];
  for (const [text, expected] of known) {
    it(`${text} is ${expected ? 'a' : 'no'} repository`, () => {
      expect(isGitAddress(text)).to.equal(expected);
    });
  }

  const parsed: [string, [string, string, string]][] = [
    ['https://e.com/a.git', ['https://e.com/a.git', 'HEAD', '']],
    ['https://e.com/a.git#v1', ['https://e.com/a.git', 'v1', '']],
    ['https://e.com/a.git#v1:x/y', ['https://e.com/a.git', 'v1', 'x/y']],
    ['https://e.com/a.git#:x', ['https://e.com/a.git', 'HEAD', 'x']],
    ['https://e.com/a.git#a%20b:c%23d', ['https://e.com/a.git', 'a b', 'c#d']],
    ['git@e.com:a/b.git#v1:x%20y', ['git@e.com:a/b.git', 'v1', 'x%20y']],
  ];
  for (const [text, [remote, ref, folder]] of parsed) {
    it(`takes ${text} apart`, () => {
      expect(parseGitAddress(text)).to.deep.equal({ remote, ref, folder });
    });
  }

  const refused: [string, string][] = [
    ['https://e.com/a.git#--upload-pack=x', 'invalid refspec: --upload-pack=x'],
    ['git@-oProxyCommand=x:a', 'invalid address of a repository: git@-oProxyCommand=x:a'],
    ['ssh://-oProxyCommand=x/a', 'invalid address of a repository: ssh://-oProxyCommand=x/a'],
    ['ssh://git@-oProxyCommand=x/a', 'invalid address of a repository: ssh://git@-oProxyCommand=x/a'],
    ['https://e.com/a.git#%zz', 'invalid URL escape in "%zz"'],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => {
      expect(() => parseGitAddress(text))
        .to.throw(Error)
        .with.property('message', message);
    });
  }
});
