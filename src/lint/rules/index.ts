/** Every rule, in the order of their files: a test checks that folder and list agree. */
import type { RuleDefinition } from '../rule.ts';
import addInsteadOfCopy from './add-instead-of-copy.ts';
import andAndInWindowsPowershell from './and-and-in-windows-powershell.ts';
import apkCacheLeft from './apk-cache-left.ts';
import apkUnpinned from './apk-unpinned.ts';
import aptGetAsks from './apt-get-asks.ts';
import aptGetRecommends from './apt-get-recommends.ts';
import aptGetUnpinned from './apt-get-unpinned.ts';
import aptInScript from './apt-in-script.ts';
import aptListsLeft from './apt-lists-left.ts';
import archiveCopiedNotAdded from './archive-copied-not-added.ts';
import backslashLostInExpansion from './backslash-lost-in-expansion.ts';
import baseImageLatest from './base-image-latest.ts';
import baseImageOutOfSupport from './base-image-out-of-support.ts';
import baseImageWithoutTag from './base-image-without-tag.ts';
import cdInsteadOfWorkdir from './cd-instead-of-workdir.ts';
import cleanUpInLaterLayer from './clean-up-in-later-layer.ts';
import commentSwallowsRest from './comment-swallows-rest.ts';
import consecutiveRuns from './consecutive-runs.ts';
import consistentInstructionCasing from './consistent-instruction-casing.ts';
import continuationDefeated from './continuation-defeated.ts';
import copyFromOutside from './copy-from-outside.ts';
import copyFromOwnStage from './copy-from-own-stage.ts';
import copyFromUnknownStage from './copy-from-unknown-stage.ts';
import copyIgnoredFile from './copy-ignored-file.ts';
import copyOfSystemDrive from './copy-of-system-drive.ts';
import copyOfWholeFilesystem from './copy-of-whole-filesystem.ts';
import copyRelativeWithoutWorkdir from './copy-relative-without-workdir.ts';
import curlWithoutFail from './curl-without-fail.ts';
import destinationOffSystemDrive from './destination-off-system-drive.ts';
import dnfAsks from './dnf-asks.ts';
import dnfCacheLeft from './dnf-cache-left.ts';
import dnfUnpinned from './dnf-unpinned.ts';
import doubleQuotesLost from './double-quotes-lost.ts';
import doubledPercent from './doubled-percent.ts';
import duplicateStageName from './duplicate-stage-name.ts';
import envPathFromEmpty from './env-path-from-empty.ts';
import envPercentVariable from './env-percent-variable.ts';
import envRefersToItself from './env-refers-to-itself.ts';
import escapeAfterComment from './escape-after-comment.ts';
import exposeInvalidFormat from './expose-invalid-format.ts';
import exposePortOutOfRange from './expose-port-out-of-range.ts';
import exposeProtoCasing from './expose-proto-casing.ts';
import fileNotUtf8 from './file-not-utf8.ts';
import fromAsCasing from './from-as-casing.ts';
import fromPlatformFlagConstDisallowed from './from-platform-flag-const-disallowed.ts';
import fromScratchOnWindows from './from-scratch-on-windows.ts';
import gemUnpinned from './gem-unpinned.ts';
import goUnpinned from './go-unpinned.ts';
import healthcheckMissing from './healthcheck-missing.ts';
import healthcheckProgramMissing from './healthcheck-program-missing.ts';
import hereStringInOneLine from './here-string-in-one-line.ts';
import heredocOnWindows from './heredoc-on-windows.ts';
import ignoreComment from './ignore-comment.ts';
import installerNotAwaited from './installer-not-awaited.ts';
import installerNotSilent from './installer-not-silent.ts';
import instructionBeforeFrom from './instruction-before-from.ts';
import interactiveCommand from './interactive-command.ts';
import invalidBaseImagePlatform from './invalid-base-image-platform.ts';
import invalidDefaultArgInFrom from './invalid-default-arg-in-from.ts';
import invalidDefinitionDescription from './invalid-definition-description.ts';
import invalidLabelKey from './invalid-label-key.ts';
import jsonArgsRecommended from './json-args-recommended.ts';
import jsonLoneBackslash from './json-lone-backslash.ts';
import labelEmpty from './label-empty.ts';
import labelMissing from './label-missing.ts';
import labelNotEmail from './label-not-email.ts';
import labelNotHash from './label-not-hash.ts';
import labelNotSemver from './label-not-semver.ts';
import labelNotSpdx from './label-not-spdx.ts';
import labelNotTime from './label-not-time.ts';
import labelNotUrl from './label-not-url.ts';
import labelSuperfluous from './label-superfluous.ts';
import lastUserAdministrator from './last-user-administrator.ts';
import lastUserRoot from './last-user-root.ts';
import leadingQuoteLost from './leading-quote-lost.ts';
import legacyKeyValueFormat from './legacy-key-value-format.ts';
import linuxCommandOnWindows from './linux-command-on-windows.ts';
import lostWithTheStep from './lost-with-the-step.ts';
import machineChangeAsUser from './machine-change-as-user.ts';
import maintainerDeprecated from './maintainer-deprecated.ts';
import missingEscapeDirective from './missing-escape-directive.ts';
import missingSeparator from './missing-separator.ts';
import mixedCommandForms from './mixed-command-forms.ts';
import mountNotOnWindows from './mount-not-on-windows.ts';
import msiexecNotSilent from './msiexec-not-silent.ts';
import multipleInstructionsDisallowed from './multiple-instructions-disallowed.ts';
import nativeExitCodeUnchecked from './native-exit-code-unchecked.ts';
import nestedPowershell from './nested-powershell.ts';
import noEmptyContinuation from './no-empty-continuation.ts';
import npmUnpinned from './npm-unpinned.ts';
import onbuildOfForbiddenInstruction from './onbuild-of-forbidden-instruction.ts';
import ownershipFlagOnWindows from './ownership-flag-on-windows.ts';
import pathJoinedWithColon from './path-joined-with-colon.ts';
import pathSwallowsNextLine from './path-swallows-next-line.ts';
import pathTooLong from './path-too-long.ts';
import pipCacheLeft from './pip-cache-left.ts';
import pipUnpinned from './pip-unpinned.ts';
import pipeWithoutPipefail from './pipe-without-pipefail.ts';
import powershellInNanoserver from './powershell-in-nanoserver.ts';
import powershellWithoutStop from './powershell-without-stop.ts';
import progressSlowsDownload from './progress-slows-download.ts';
import pwshWithoutCommand from './pwsh-without-command.ts';
import redundantTargetPlatform from './redundant-target-platform.ts';
import reservedStageName from './reserved-stage-name.ts';
import retiredDockerHubName from './retired-docker-hub-name.ts';
import robocopyExitCode from './robocopy-exit-code.ts';
import secretInGlobalArg from './secret-in-global-arg.ts';
import secretsUsedInArgOrEnv from './secrets-used-in-arg-or-env.ts';
import semicolonInCmd from './semicolon-in-cmd.ts';
import servicingOnNanoserver from './servicing-on-nanoserver.ts';
import severalLegacyVariables from './several-legacy-variables.ts';
import severalSourcesIntoFile from './several-sources-into-file.ts';
import severalSourcesNeedFolder from './several-sources-need-folder.ts';
import shellFormCommand from './shell-form-command.ts';
import shellLinked from './shell-linked.ts';
import singleQuotesInCmd from './single-quotes-in-cmd.ts';
import stageNameCasing from './stage-name-casing.ts';
import stagesOfDifferentBuilds from './stages-of-different-builds.ts';
import startProcessHidesExitCode from './start-process-hides-exit-code.ts';
import stopsignalOnWindows from './stopsignal-on-windows.ts';
import sudoInBuild from './sudo-in-build.ts';
import undefinedArgInFrom from './undefined-arg-in-from.ts';
import undefinedVar from './undefined-var.ts';
import untrustedRegistry from './untrusted-registry.ts';
import userNotNumeric from './user-not-numeric.ts';
import useraddHighUid from './useradd-high-uid.ts';
import variablesDifferInCase from './variables-differ-in-case.ts';
import volumeNotEmpty from './volume-not-empty.ts';
import waitsForAnAnswer from './waits-for-an-answer.ts';
import wgetAndCurl from './wget-and-curl.ts';
import wgetProgress from './wget-progress.ts';
import windowsBaseWithoutTag from './windows-base-without-tag.ts';
import workdirDriveOnly from './workdir-drive-only.ts';
import workdirNotAbsolute from './workdir-not-absolute.ts';
import workdirRelativePath from './workdir-relative-path.ts';
import workdirWithoutDrive from './workdir-without-drive.ts';
import writeIntoVolume from './write-into-volume.ts';
import writeToDriveRoot from './write-to-drive-root.ts';
import yarnCacheLeft from './yarn-cache-left.ts';
import yumAsks from './yum-asks.ts';
import yumCacheLeft from './yum-cache-left.ts';
import yumUnpinned from './yum-unpinned.ts';
import zypperAsks from './zypper-asks.ts';
import zypperCacheLeft from './zypper-cache-left.ts';
import zypperDistUpgrade from './zypper-dist-upgrade.ts';
import zypperUnpinned from './zypper-unpinned.ts';

export const rules: readonly RuleDefinition[] = [
  addInsteadOfCopy,
  andAndInWindowsPowershell,
  apkCacheLeft,
  apkUnpinned,
  aptGetAsks,
  aptGetRecommends,
  aptGetUnpinned,
  aptInScript,
  aptListsLeft,
  archiveCopiedNotAdded,
  backslashLostInExpansion,
  baseImageLatest,
  baseImageOutOfSupport,
  baseImageWithoutTag,
  cdInsteadOfWorkdir,
  cleanUpInLaterLayer,
  commentSwallowsRest,
  consecutiveRuns,
  consistentInstructionCasing,
  continuationDefeated,
  copyFromOutside,
  copyFromOwnStage,
  copyFromUnknownStage,
  copyIgnoredFile,
  copyOfSystemDrive,
  copyOfWholeFilesystem,
  copyRelativeWithoutWorkdir,
  curlWithoutFail,
  destinationOffSystemDrive,
  dnfAsks,
  dnfCacheLeft,
  dnfUnpinned,
  doubleQuotesLost,
  doubledPercent,
  duplicateStageName,
  envPathFromEmpty,
  envPercentVariable,
  envRefersToItself,
  escapeAfterComment,
  exposeInvalidFormat,
  exposePortOutOfRange,
  exposeProtoCasing,
  fileNotUtf8,
  fromAsCasing,
  fromPlatformFlagConstDisallowed,
  fromScratchOnWindows,
  gemUnpinned,
  goUnpinned,
  healthcheckMissing,
  healthcheckProgramMissing,
  hereStringInOneLine,
  heredocOnWindows,
  ignoreComment,
  installerNotAwaited,
  installerNotSilent,
  instructionBeforeFrom,
  interactiveCommand,
  invalidBaseImagePlatform,
  invalidDefaultArgInFrom,
  invalidDefinitionDescription,
  invalidLabelKey,
  jsonArgsRecommended,
  jsonLoneBackslash,
  labelEmpty,
  labelMissing,
  labelNotEmail,
  labelNotHash,
  labelNotSemver,
  labelNotSpdx,
  labelNotTime,
  labelNotUrl,
  labelSuperfluous,
  lastUserAdministrator,
  lastUserRoot,
  leadingQuoteLost,
  legacyKeyValueFormat,
  linuxCommandOnWindows,
  lostWithTheStep,
  machineChangeAsUser,
  maintainerDeprecated,
  missingEscapeDirective,
  missingSeparator,
  mixedCommandForms,
  mountNotOnWindows,
  msiexecNotSilent,
  multipleInstructionsDisallowed,
  nativeExitCodeUnchecked,
  nestedPowershell,
  noEmptyContinuation,
  npmUnpinned,
  onbuildOfForbiddenInstruction,
  ownershipFlagOnWindows,
  pathJoinedWithColon,
  pathSwallowsNextLine,
  pathTooLong,
  pipCacheLeft,
  pipUnpinned,
  pipeWithoutPipefail,
  powershellInNanoserver,
  powershellWithoutStop,
  progressSlowsDownload,
  pwshWithoutCommand,
  redundantTargetPlatform,
  reservedStageName,
  retiredDockerHubName,
  robocopyExitCode,
  secretInGlobalArg,
  secretsUsedInArgOrEnv,
  semicolonInCmd,
  servicingOnNanoserver,
  severalLegacyVariables,
  severalSourcesIntoFile,
  severalSourcesNeedFolder,
  shellFormCommand,
  shellLinked,
  singleQuotesInCmd,
  stageNameCasing,
  stagesOfDifferentBuilds,
  startProcessHidesExitCode,
  stopsignalOnWindows,
  sudoInBuild,
  undefinedArgInFrom,
  undefinedVar,
  untrustedRegistry,
  userNotNumeric,
  useraddHighUid,
  variablesDifferInCase,
  volumeNotEmpty,
  waitsForAnAnswer,
  wgetAndCurl,
  wgetProgress,
  windowsBaseWithoutTag,
  workdirDriveOnly,
  workdirNotAbsolute,
  workdirRelativePath,
  workdirWithoutDrive,
  writeIntoVolume,
  writeToDriveRoot,
  yarnCacheLeft,
  yumAsks,
  yumCacheLeft,
  yumUnpinned,
  zypperAsks,
  zypperCacheLeft,
  zypperDistUpgrade,
  zypperUnpinned,
];
