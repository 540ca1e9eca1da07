import type { BaseImage, WindowsFlavour } from './model.ts';
import { namesIn } from './names.ts';
import { isWithin } from './windows-path.ts';

/** Takes an expanded FROM apart without judging it: broken references still give a repository to look at. */
export function baseImage(text: string, unresolved: boolean, stage: number | undefined): BaseImage {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const repository = (tagged ? named.slice(0, colon) : named).toLowerCase();
  const first = repository.split('/')[0] ?? '';
  const hasRegistry = repository.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  return {
    text,
    stage,
    repository,
    registry: hasRegistry ? first : 'docker.io',
    tag: tagged ? named.slice(colon + 1) : undefined,
    digest,
    unresolved,
  };
}

const windowsTag = /nanoserver|windows|ltsc20\d\d/i;

/** dockerfile.md 4: which names say "Windows". */
export function isWindowsImage(image: BaseImage): boolean {
  const { repository, tag = '' } = image;
  return (
    isWithin(repository, 'mcr.microsoft.com/windows') ||
    isWithin(repository, 'mcr.microsoft.com/dotnet/framework') ||
    repository.includes('nanoserver') ||
    repository.includes('servercore') ||
    /(?:^|\/)microsoft\/(?:iis|aspnet|dotnet-framework)/.test(repository) ||
    windowsTag.test(tag)
  );
}

const linuxWords = namesIn(
  'alpine debian ubuntu slim trixie bookworm bullseye buster stretch noble jammy focal bionic fedora centos rockylinux almalinux amazonlinux azurelinux mariner ubi opensuse busybox distroless linux',
);

/** Names that say "Linux": an image of several systems has none of them. */
export function isLinuxImage({ repository, tag = '' }: BaseImage): boolean {
  return `${repository}:${tag.toLowerCase()}`.split(/[^a-z]+/).some((word) => linuxWords.has(word));
}

export function windowsFlavour(image: BaseImage): WindowsFlavour | undefined {
  const text = `${image.repository}:${image.tag ?? ''}`.toLowerCase();
  if (text.includes('nanoserver')) return 'nanoserver';
  if (/servercore|dotnet\/framework|microsoft\/(iis|aspnet)|ltsc20/.test(text)) {
    return text.includes('windows/server:') ? 'server' : 'servercore';
  }
  if (text.includes('windows/server')) return 'server';
  if (/mcr\.microsoft\.com\/windows(:|$)/.test(text)) return 'windows';
  return undefined;
}
