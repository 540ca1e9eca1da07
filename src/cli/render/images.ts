/** `docker images` (`formatter/image.go`; images-and-registries.md 5.5). */
import type { ImageSummary } from '../../api/types/index.ts';
import { familiarName, parseReference } from '../../image/reference.ts';
import type { Reference } from '../../image/reference.ts';
import { timeString, unixTime } from '../../text/go-time.ts';
import type { ZoneLookup } from '../../text/go-time.ts';
import { humanSize } from '../../text/size.ts';
import type { RowDefinition } from '../../text/table.ts';
import { since, truncateId } from './short.ts';

/** One line: an image under one of its names. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

const none = '<none>';

function references(texts: readonly string[] | null | undefined): Reference[] {
  return (texts ?? []).flatMap((text) => {
    try {
      return [parseReference(text)];
    } catch {
      return [];
    }
  });
}

/** Familiar name -> tags or digests, names in order of appearance. */
function byRepository(refs: readonly Reference[], part: 'tag' | 'digest'): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const reference of refs) {
    const value = reference[part];
    if (value === undefined) continue;
    const name = familiarName(reference);
    grouped.set(name, [...(grouped.get(name) ?? []), value]);
  }
  return grouped;
}

function rowsOf(image: ImageSummary, showDigests: boolean, needDigests: boolean): ImageRow[] {
  const { RepoTags: tagTexts, RepoDigests: digestTexts } = image;
  const named = [...(tagTexts ?? []), ...(digestTexts ?? [])].filter((text) => !text.startsWith(none));
  if (named.length === 0) return [{ image, repository: none, tag: none, digest: none }];
  const digests = byRepository(references(digestTexts), 'digest');
  const rows: ImageRow[] = [];
  for (const [repository, tags] of byRepository(references(tagTexts), 'tag')) {
    const own = needDigests ? (digests.get(repository) ?? []) : [];
    digests.delete(repository);
    for (const tag of tags) {
      for (const digest of own.length > 0 ? own : [none]) rows.push({ image, repository, tag, digest });
    }
  }
  for (const [repository, own] of digests) {
    for (const digest of showDigests ? own : ['']) rows.push({ image, repository, tag: none, digest });
  }
  return rows;
}

export interface ImageListOptions {
  readonly format: string;
  readonly digests: boolean;
}

export function imageRows(
  images: readonly ImageSummary[],
  { format, digests }: ImageListOptions,
): ImageRow[] {
  const needed = digests || format.includes('{{.Digest}}');
  return images.flatMap((image) => rowsOf(image, digests, needed));
}

const countOr = (count: number | undefined, text: (count: number) => string) =>
  count === undefined || count === -1 ? 'N/A' : text(count);

export function imageDefinition(view: {
  now: number;
  zone: ZoneLookup;
  truncate: boolean;
}): RowDefinition<ImageRow> {
  return {
    type: 'formatter.imageContext',
    fields: {
      ID: { header: 'IMAGE ID', value: ({ image }) => (view.truncate ? truncateId(image.Id) : image.Id) },
      Repository: { header: 'REPOSITORY', value: (row) => row.repository },
      Tag: { header: 'TAG', value: (row) => row.tag },
      Digest: { header: 'DIGEST', value: (row) => row.digest },
      CreatedSince: { header: 'CREATED', value: ({ image }) => since(image.Created, view.now) },
      CreatedAt: {
        header: 'CREATED AT',
        value: ({ image }) => timeString(unixTime(image.Created, view.zone)),
      },
      Size: { header: 'SIZE', value: ({ image }) => humanSize(image.Size, 3) },
      Containers: { header: 'CONTAINERS', value: ({ image }) => countOr(image.Containers, String) },
      VirtualSize: { header: 'SIZE', value: ({ image }) => humanSize(image.Size) },
      SharedSize: { header: 'SHARED SIZE', value: ({ image }) => countOr(image.SharedSize, humanSize) },
      UniqueSize: {
        header: 'UNIQUE SIZE',
        value: ({ image }) => countOr(image.SharedSize, (shared) => humanSize(image.Size - shared)),
      },
    },
  };
}

const createdColumn = '{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}';

export function imageFormat(format: string, quiet: boolean, digests: boolean): string {
  const digestColumn = digests ? '{{.Digest}}\t' : '';
  if (format === 'table') {
    return quiet
      ? '{{.ID}}'
      : `table {{.Repository}}\t{{.Tag}}\t${digestColumn}{{.ID}}\t${createdColumn}\t{{.Size}}`;
  }
  if (format === 'raw') {
    if (quiet) return 'image_id: {{.ID}}';
    return `repository: {{ .Repository }}
tag: {{.Tag}}
${digests ? 'digest: {{.Digest}}\n' : ''}image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`;
  }
  return format.startsWith('table') && digests && !format.includes('{{.Digest}}')
    ? `${format}\t{{.Digest}}`
    : format;
}
