import { joinErrors } from '../../src/cli/cli-error.ts';
import { Command } from '../../src/cli/command.ts';
import type { FlagSpecs, ParsedFlags } from '../../src/cli/flag.ts';
import { layerReport } from '../../src/cli/render/layers.ts';
import type { LayerReport } from '../../src/engine/roles/index.ts';

export default class LayerInspect extends Command {
  static readonly summary = 'Show the layers and disks of images, containers or layers';
  static readonly usage = 'IMAGE|CONTAINER|LAYER [IMAGE|CONTAINER|LAYER...]';
  static readonly flags = {} as const satisfies FlagSpecs;
  static readonly args = { min: 1 };
  static readonly completes = 'image';
  static readonly examples = ['porthole layer inspect app', 'porthole layer inspect --json web'];

  async run({ args }: ParsedFlags<typeof LayerInspect.flags>): Promise<void> {
    const { layers } = await this.context.engine();
    const reports: { name: string; layers: LayerReport[] }[] = [];
    const errors: unknown[] = [];
    this.result({ apiVersion: 'porthole/v1', objects: reports });
    for (const name of args) {
      try {
        const chain = await layers.inspect(name, { signal: this.context.signal });
        reports.push({ name, layers: chain });
        const blank = reports.length > 1 ? '\n' : '';
        this.context.stdout.write(blank + layerReport(name, chain));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw joinErrors(errors);
  }
}
