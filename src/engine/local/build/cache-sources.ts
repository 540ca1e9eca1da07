import { isDeepStrictEqual } from 'node:util';
import type { ImageConfigSection } from '../../../api/types/index.ts';
import type { HistoryEntry } from '../../../image/config.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import { builtWithLabel, withBuiltWith } from '../images/built-with.ts';
import type { BuildDeps } from './deps.ts';
import type { StageImage } from './state.ts';

type SourceDeps = Pick<BuildDeps, 'resolveImage' | 'commitImage'>;

/**
 * The images of `--cache-from` (dockerfile.md 2.8): local images whose history tells how each of their layers was made. A step
 * that says the same words on top of the same history takes the layer from there. Only the named images count then.
 */
export class CacheSources {
  readonly #deps: SourceDeps;
  #sources: readonly ResolvedImage[];

  private constructor(deps: SourceDeps, sources: readonly ResolvedImage[]) {
    this.#deps = deps;
    this.#sources = sources;
  }

  /** Images that are not there are left out, as in Docker; `onMissing` is told. */
  static async open(
    deps: SourceDeps,
    names: readonly string[],
    onMissing: (name: string, reason: string) => void,
  ): Promise<CacheSources> {
    const sources: ResolvedImage[] = [];
    for (const name of names) {
      try {
        sources.push(await deps.resolveImage(name));
      } catch (error) {
        if (!(error instanceof PortholeError)) throw error;
        onMissing(name, error.message);
      }
    }
    return new CacheSources(deps, sources);
  }

  /** True when one of the images was made from this one. */
  descendFrom(image: ResolvedImage): boolean {
    return this.#sources.some((source) => source.id === image.id || continues(source, image));
  }

  /** The image of a step: the source itself for its last step, else one put together of its parts. */
  async restore(
    parent: StageImage,
    probe: ImageConfigSection,
    section: ImageConfigSection,
  ): Promise<ResolvedImage | undefined> {
    const below = parent.id === '' ? undefined : await this.#deps.resolveImage(parent.id);
    const done = below?.config.history?.length ?? 0;
    const words = (probe.Cmd ?? []).join(' ');
    for (const source of this.#sources) {
      const entry = source.config.history?.[done];
      if (entry?.created_by !== words || !continues(source, below)) continue;
      if (done === source.config.history!.length - 1) return source;
      // The steps that follow come from the same image: mixing two could never have been built.
      this.#sources = [source];
      return this.#deps.commitImage({
        ...(below === undefined ? { platform: platformOf(source) } : { parent: below.id }),
        ...(entry.empty_layer === true
          ? {}
          : { adopt: { image: source.id, index: below?.config.rootfs.diff_ids.length ?? 0 } }),
        config: isRun(words)
          ? withBuiltWith(section, source.config.config?.Labels?.[builtWithLabel])
          : section,
        history: {
          createdBy: words,
          ...(entry.created === undefined ? {} : { created: entry.created }),
          ...(entry.comment === undefined ? {} : { comment: entry.comment }),
          ...(entry.author === undefined ? {} : { author: entry.author }),
        },
      });
    }
    return undefined;
  }
}

/** Steps that run nothing are comments to the shell. */
const isRun = (words: string): boolean => !words.includes('#(nop) ');

/** What `image` went through is the beginning of what `source` went through. */
function continues(source: ResolvedImage, image: ResolvedImage | undefined): boolean {
  const theirs: readonly HistoryEntry[] = source.config.history ?? [];
  const ours: readonly HistoryEntry[] = image?.config.history ?? [];
  const layers = image?.config.rootfs.diff_ids ?? [];
  return (
    theirs.length > ours.length &&
    ours.every((entry, index) => isDeepStrictEqual(entry, theirs[index])) &&
    layers.every((layer, index) => layer === source.config.rootfs.diff_ids[index])
  );
}

function platformOf({ config }: ResolvedImage): { os: string; architecture: string; osVersion?: string } {
  const osVersion = config['os.version'];
  return {
    os: config.os,
    architecture: config.architecture,
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}
