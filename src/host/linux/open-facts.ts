import { getegid, geteuid } from 'node:process';
import type { Environment } from '../../environment.ts';
import type { HostFactsPort } from '../ports/host-facts.ts';
import { probeHost } from './requirements.ts';

export function openFacts(environment: Environment): HostFactsPort {
  return { read: () => probeHost(environment, geteuid?.() ?? 0, getegid?.() ?? 0) };
}
