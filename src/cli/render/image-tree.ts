/** `docker images --tree` (`image/tree.go`): every image with its names and sizes. Porthole keeps one platform an image. */
import type { ImageSummary } from '../../api/types/index.ts';
import { familiarString, parseReference } from '../../image/reference.ts';
import { humanSize } from '../../text/size.ts';
import { truncateId } from './short.ts';

const warning =
  "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.";

function namesOf({ RepoTags: tags }: ImageSummary): string[] {
  const names = (tags ?? []).filter((tag) => !tag.startsWith('<none>'));
  return names.length > 0 ? names.map((tag) => familiarString(parseReference(tag))).sort() : ['<untagged>'];
}

/** The last name of an image shares its line with the numbers. `U` marks images that containers use. */
export function imageTree(images: readonly ImageSummary[]): string {
  const rows = images.flatMap((image) => {
    const names = namesOf(image);
    return names.map((name, index) =>
      index < names.length - 1
        ? [name]
        : [
            name,
            truncateId(image.Id),
            humanSize(image.Size, 3),
            '0B',
            (image.Containers ?? 0) > 0 ? ' U' : '',
          ],
    );
  });
  const header = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const numeric = new Set([2, 3]);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('   ')
      .trimEnd();
  return `${[warning, '', ...[header, ...rows].map(line)].join('\n')}\n`;
}
