/** Which Porthole this is, and which Docker it speaks (design.md 11). */
import { buildInfo } from './build-info.ts';

export const packageVersion = buildInfo.version;
/** Newest API version that is served and spoken. */
export const apiVersion = '1.50';
/** What `porthole --version` prints. */
export const versionText = `Porthole version ${packageVersion}, build ${buildInfo.commit}`;
