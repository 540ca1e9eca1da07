/** Which Windows version the containers of an image report. */

/** Where the layers do not tell: the newest LTSC that Wine programs know. */
export const defaultOsVersion = '10.0.26100.1742';

export function layersOsVersion(_layers: readonly string[]): string {
  return defaultOsVersion;
}
