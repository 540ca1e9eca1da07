/** Platform specifiers: `windows/amd64`, `windows(10.0.20348+win32k)/amd64`, `arm64` (images-and-registries.md 4.3). */
import { PortholeError } from '../errors/porthole-error.ts';
import { quoteGo } from '../text/go-quote.ts';
import type { PlatformFields } from './descriptor.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

const knownOs = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
);
const knownArchitectures = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ' +
    'ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
);
const componentGrammar = /^[A-Za-z0-9_.-]+$/;
const osGrammar = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/;

/**
 * Parses what `--platform` was given; a single word is an operating system or an architecture and the other part comes
 * from `host`. Kind `invalid`, code `PLATFORM_INVALID`, in containerd's words.
 */
export function parsePlatform(text: string, host: Platform): Platform {
  if (text.includes('*'))
    throw invalidPlatform(`${quoteGo(text)}: wildcards not yet supported: invalid argument`);
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3)
    throw invalidPlatform(`${quoteGo(text)}: cannot parse platform specifier: invalid argument`);
  const osMatch = osGrammar.exec(first);
  if (osMatch === null) {
    throw badComponent(first, 'OS component', text, 'OSAndVersion specifier component', osGrammar);
  }
  for (const part of parts.slice(1)) {
    if (!componentGrammar.test(part)) {
      throw badComponent(part, 'component', text, 'platform specifier component', componentGrammar);
    }
  }
  const version = splitVersion(osMatch[2], osMatch[3]);
  if (second !== undefined) {
    return normalizePlatform({
      os: osMatch[1]!,
      architecture: second,
      ...(third === undefined ? {} : { variant: third }),
      ...version,
    });
  }
  const word = normalizeOs(osMatch[1]!);
  if (knownOs.has(word)) return normalizePlatform({ os: word, architecture: host.architecture, ...version });
  const asArchitecture = normalizePlatform({ os: host.os, architecture: osMatch[1]! });
  if (osMatch[2] === undefined && knownArchitectures.has(asArchitecture.architecture)) return asArchitecture;
  throw invalidPlatform(`${quoteGo(text)}: unknown operating system or architecture: invalid argument`);
}

/** `windows(10.0.26100)/amd64`: os, version, architecture, variant. */
export function formatPlatform(platform: Platform): string {
  const features = (platform.osFeatures ?? []).map((feature) => `+${escapePart(feature)}`).join('');
  const version = platform.osVersion === undefined ? features : escapePart(platform.osVersion) + features;
  const os = version === '' ? platform.os : `${platform.os}(${version})`;
  return [os, platform.architecture, platform.variant]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
}

/** Without version: `windows/amd64`. */
export function formatPlatformShort(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
}

/** The one spelling of an architecture that documents use: `x86_64` -> `amd64`, `aarch64` -> `arm64`, `arm64/v8` -> `arm64`. */
export function normalizePlatform(platform: Platform): Platform {
  const { architecture, variant } = normalizeArchitecture(platform.architecture, platform.variant ?? '');
  return {
    os: normalizeOs(platform.os),
    architecture,
    ...(variant === '' ? {} : { variant }),
    ...(platform.osVersion === undefined ? {} : { osVersion: platform.osVersion }),
    ...(platform.osFeatures === undefined ? {} : { osFeatures: platform.osFeatures }),
  };
}

export function platformOfFields(fields: PlatformFields): Platform {
  return normalizePlatform({
    os: fields.os,
    architecture: fields.architecture,
    ...(fields.variant === undefined ? {} : { variant: fields.variant }),
    ...(fields['os.version'] === undefined ? {} : { osVersion: fields['os.version'] }),
    ...(fields['os.features'] === undefined ? {} : { osFeatures: fields['os.features'] }),
  });
}

/** Node's `process.arch` in the words of image documents. */
export function architectureOfNode(arch: string): string {
  return arch === 'x64' ? 'amd64' : arch === 'ia32' ? '386' : arch;
}

function normalizeOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): { architecture: string; variant: string } {
  const arch = architecture.toLowerCase();
  const lowVariant = variant.toLowerCase();
  switch (arch) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: lowVariant === 'v1' ? '' : lowVariant };
    case 'aarch64':
    case 'arm64':
      return { architecture: 'arm64', variant: lowVariant === '8' || lowVariant === 'v8' ? '' : lowVariant };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture: 'arm', variant: lowVariant === '' ? 'v7' : lowVariant.replace(/^(\d)$/, 'v$1') };
    default:
      return { architecture: arch, variant: lowVariant };
  }
}

function splitVersion(version = '', features = ''): Pick<Platform, 'osVersion' | 'osFeatures'> {
  return {
    ...(version === '' ? {} : { osVersion: unescapePart(version) }),
    ...(features === '' ? {} : { osFeatures: features.slice(1).split('+').map(unescapePart) }),
  };
}

function unescapePart(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function escapePart(text: string): string {
  return text.replace(
    /[^A-Za-z0-9_.-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function badComponent(
  part: string,
  kind: string,
  whole: string,
  grammarOf: string,
  { source }: RegExp,
): PortholeError {
  return invalidPlatform(
    `${quoteGo(part)} is an invalid ${kind} of ${quoteGo(whole)}: ${grammarOf} must match ${quoteGo(source)}: invalid argument`,
  );
}

function invalidPlatform(message: string): PortholeError {
  return new PortholeError('invalid', 'PLATFORM_INVALID', message);
}
