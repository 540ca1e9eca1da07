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

export function isPlainNanoserver({ repository }: BaseImage): boolean {
  return /^(mcr\.microsoft\.com\/windows|microsoft)\/nanoserver$/.test(repository);
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
