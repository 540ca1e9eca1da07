import { expect } from 'chai';
import { tombstonesText } from '../../../src/host/windows/whole-transport.ts';

describe('the list of what a layer deletes', () => {
  it('begins with its version, and has paths below C:', () => {
    expect(tombstonesText(['Files\\Windows\\a.txt', 'Files\\ünter'])).to.equal(
      '\ufeffVersion 1.0\n\\Windows\\a.txt\n\\ünter\n',
    );
    expect(tombstonesText([])).to.equal('\ufeffVersion 1.0\n');
  });

  it('is about files alone', () => {
    expect(() => tombstonesText(['UtilityVM\\Files\\x'])).to.throw('not below Files');
  });
});
