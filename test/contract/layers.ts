import { expect } from 'chai';
import { applyingContract } from './layers-applying.ts';
import { composingContract, readingContract } from './layers-reading.ts';
import { scratchContract } from './layers-scratches.ts';
import { LayerContract, expectLayerError } from './layers-subject.ts';
import type { LayerContractHost } from './layers-subject.ts';

/** The contract of the layer port (the comment of src/host/ports/layers.ts). Every adapter passes it whole. */
export function layersContract(name: string, open: () => Promise<LayerContractHost>): void {
  describe(`layers contract: ${name}`, () => {
    const subject = new LayerContract();

    beforeEach(async () => {
      subject.host = await open();
    });

    afterEach(() => subject.host.dispose());

    applyingContract(subject);
    readingContract(subject);
    composingContract(subject);
    scratchContract(subject);

    it('removes layers, also unknown ones', async () => {
      const { id } = await subject.base();
      await subject.layers.remove(id);
      await subject.layers.remove(id);
      await subject.layers.sweep();

      expect(await subject.layers.get(id)).to.equal(undefined);
      await expectLayerError(subject.layers.mount(id), 'notFound', 'LAYER_NOT_FOUND');
    });
  });
}
