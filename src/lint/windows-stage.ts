/** Facts about a Windows stage that several rules need. */
import type { BaseImage, LintInstruction, LintStage } from './model.ts';

/** Nano Server as it is since 1709: the one of 2016 had PowerShell and ran as an administrator. */
export function isPlainNanoserver({ repository, tag = '' }: BaseImage): boolean {
  return repository === 'mcr.microsoft.com/windows/nanoserver' && !/sac2016|10\.0\.14393/.test(tag);
}

/** True where RUN has no administrator's rights: nanoserver images run as ContainerUser unless told otherwise. */
export function runsAsUser({ flavour, root }: LintStage, context: LintInstruction): boolean {
  if (flavour !== 'nanoserver') return false;
  if (context.user !== undefined) {
    return !context.user.includes('$') && !/^(.*\\)?containeradministrator$/i.test(context.user);
  }
  return isPlainNanoserver(root) || root.repository.startsWith('mcr.microsoft.com/dotnet/');
}
