import type { Environment } from '../../environment.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { CgroupPlaces } from './cgroups.ts';
import type { SandboxIdentity } from './sandbox-plan.ts';
import type { SandboxNetwork } from './sandbox-network.ts';
import type { TemplateSource } from './wine-template.ts';
import type { WineInstallation } from './wine-installation.ts';

/** What compute systems share. */
export interface ComputeContext {
  readonly environment: Environment;
  readonly paths: DataPaths;
  readonly network: SandboxNetwork;
  readonly identity: SandboxIdentity;
  /** `native/prebuilt/porthole-sandbox`. */
  readonly helper: string;
  /** `native/prebuilt/launcher.exe`. */
  readonly launcher: string;
  /** Throws when there is no Wine: kind `unavailable`, code `WINE_MISSING`. */
  wine(): WineInstallation;
  template(): TemplateSource;
  cgroups(): CgroupPlaces;
  /** What containers on these layers report as their Windows version: `10.0.20348.2227`. */
  osVersionOf(layers: readonly string[], scratch: string): string;
}
