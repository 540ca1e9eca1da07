import { Command } from '../../src/cli/command.ts';
import type { ParsedFlags } from '../../src/cli/flag.ts';
import { toVolumeCreateRequest, volumeCreateFlags } from '../../src/cli/requests/volume-create.ts';

export default class VolumeCreate extends Command {
  static readonly summary = 'Create a volume';
  static readonly usage = '[OPTIONS] [VOLUME]';
  static readonly flags = volumeCreateFlags;
  static readonly args = { min: 0, max: 1 };
  static readonly completes = 'none';
  static readonly examples = ['porthole volume create data'];

  async run(parsed: ParsedFlags<typeof VolumeCreate.flags>): Promise<void> {
    const request = toVolumeCreateRequest(parsed.args[0], parsed);
    const { volumes } = await this.context.engine();
    const created = await volumes.create(request, { signal: this.context.signal });
    this.result(created);
    this.context.stdout.write(`${created.Name}\n`);
  }
}
