/** `porthole layer inspect`: the chain of an object, topmost first, and the virtual disks of each layer. */
import type { LayerDisk, LayerReport } from '../../engine/roles/index.ts';
import { bytesSize, humanSize } from '../../text/size.ts';
import { alignTabs } from '../../text/tabwriter.ts';

function diskLines(disk: LayerDisk): string[] {
  const { name, type, virtualSize, fileSize, blockSize, logicalSectorSize, identifier, parent } = disk;
  return [
    `  ${name}:\t${type}, ${bytesSize(virtualSize)} virtual, ${humanSize(fileSize, 3)} on disk`,
    `    Blocks:\t${bytesSize(blockSize)}, sectors ${logicalSectorSize}B`,
    `    Identifier:\t${identifier}`,
    ...(parent ? [`    Parent:\t${parent.path} (${parent.identifier})`] : []),
  ];
}

function layerLines(layer: LayerReport, index: number): string[] {
  const { id, diffId, path, kind, chain, size, entries, disks } = layer;
  return [
    `${index === 0 ? '' : '\n'}Layer:\t${id}`,
    `  Kind:\t${kind}`,
    ...(diffId === undefined ? [] : [`  DiffID:\t${diffId}`]),
    `  Path:\t${path}`,
    `  Size:\t${humanSize(size, 3)}${entries === undefined ? '' : `, ${entries} entries`}`,
    `  Parents:\t${chain.length}`,
    ...disks.flatMap(diskLines),
  ];
}

/** Labels in a column of 20, like `version` and `info`. */
export function layerReport(name: string, layers: readonly LayerReport[]): string {
  const lines = layers.flatMap(layerLines);
  return `Name: ${name}\n\n` + alignTabs(`${lines.join('\n')}\n`, { minWidth: 20, padding: 1 });
}
