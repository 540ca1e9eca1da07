/** Facts about a Windows stage that several rules need. */
import type { BaseImage, LintFile, LintInstruction, LintStage } from './model.ts';

/** The image that the chain of stages starts from. */
export function rootBase(stage: LintStage, file: LintFile): BaseImage {
  let current = stage;
  for (let parent = current.base.stage; parent !== undefined; parent = current.base.stage) {
    const next = file.stages[parent];
    if (next === undefined) break;
    current = next;
  }
  return current.base;
}

/** Nano Server as it is since 1709: the one of 2016 had PowerShell and ran as an administrator. */
export function isPlainNanoserver({ repository, tag = '' }: BaseImage): boolean {
  return repository === 'mcr.microsoft.com/windows/nanoserver' && !/sac2016|10\.0\.14393/.test(tag);
}

/** True where RUN has no administrator's rights: nanoserver images run as ContainerUser unless told otherwise. */
export function runsAsUser(stage: LintStage, context: LintInstruction, file: LintFile): boolean {
  if (stage.flavour !== 'nanoserver') return false;
  if (context.user !== undefined) {
    return !context.user.includes('$') && !/^(.*\\)?containeradministrator$/i.test(context.user);
  }
  const base = rootBase(stage, file);
  return isPlainNanoserver(base) || base.repository.startsWith('mcr.microsoft.com/dotnet/');
}
