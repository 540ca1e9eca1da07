import { expect } from 'chai';
import { CliError } from '../../src/cli/cli-error.ts';
import { isKind, PortholeError } from '../../src/errors/porthole-error.ts';

describe('errors/porthole-error', () => {
  /** The class as another bundle has it. */
  class Copy extends Error {
    static readonly brand: string = 'PortholeError';
  }
  class CliCopy extends Copy {
    static override readonly brand = 'CliError';
  }
  class Unbranded extends PortholeError {}

  it('knows its own and those of another copy', () => {
    expect(new PortholeError('invalid', 'X', 'x')).to.be.instanceOf(PortholeError);
    expect(new Copy('x') instanceof PortholeError).to.equal(true);
    expect(new CliCopy('x') instanceof PortholeError).to.equal(true);
    expect(new CliCopy('x') instanceof CliError).to.equal(true);
  });
  it('tells subclasses apart', () => {
    expect(new PortholeError('invalid', 'X', 'x') instanceof CliError).to.equal(false);
    expect(new Copy('x') instanceof CliError).to.equal(false);
    expect(new CliError('x') instanceof PortholeError).to.equal(true);
    expect(new PortholeError('invalid', 'X', 'x') instanceof Unbranded).to.equal(false);
    expect(new Unbranded('invalid', 'X', 'x') instanceof Unbranded).to.equal(true);
    expect(new Copy('x') instanceof Unbranded).to.equal(false);
  });
  for (const [name, value] of Object.entries({ null: null, text: 'x', object: {}, error: new Error('x') })) {
    it(`does not take ${name} for one`, () => expect(value instanceof PortholeError).to.equal(false));
  }
  it('finds kinds and codes', () => {
    const error = new PortholeError('notFound', 'A', 'x');
    expect([
      isKind(error, 'notFound'),
      isKind(error, 'notFound', 'B'),
      isKind(error, 'invalid'),
    ]).to.deep.equal([true, false, false]);
  });
});
