import type { ImageConfigSection } from '../../../api/types/index.ts';
import type { ComputeHost } from '../../../host/ports/compute.ts';

/** Says that programs which made files of an image ran under Wine and not on Windows (design.md 13). */
export const builtWithLabel = 'io.porthole.built-with';

/** `wine 8.0` for what ran on this host; undefined on Windows. */
export function builtWith({ backend, description }: ComputeHost): string | undefined {
  if (backend !== 'wine') return undefined;
  return `wine ${/wine[ -]?(\d[\w.]*)/i.exec(description)?.[1] ?? description}`;
}

/** The configuration with the label, when there is something to say. */
export function withBuiltWith<Config extends ImageConfigSection>(
  config: Config,
  label: string | undefined,
): Config {
  return label === undefined ? config : { ...config, Labels: { ...config.Labels, [builtWithLabel]: label } };
}
