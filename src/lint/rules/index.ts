/** Every rule, in the order of their files: a test checks that folder and list agree. */
import type { RuleDefinition } from '../rule.ts';
import andAndInWindowsPowershell from './and-and-in-windows-powershell.ts';
import backslashLostInExpansion from './backslash-lost-in-expansion.ts';
import baseImageOutOfSupport from './base-image-out-of-support.ts';
import cleanUpInLaterLayer from './clean-up-in-later-layer.ts';
import consistentInstructionCasing from './consistent-instruction-casing.ts';
import continuationDefeated from './continuation-defeated.ts';
import copyIgnoredFile from './copy-ignored-file.ts';
import copyOfSystemDrive from './copy-of-system-drive.ts';
import destinationOffSystemDrive from './destination-off-system-drive.ts';
import duplicateStageName from './duplicate-stage-name.ts';
import envPathFromEmpty from './env-path-from-empty.ts';
import envPercentVariable from './env-percent-variable.ts';
import escapeAfterComment from './escape-after-comment.ts';
import exposeInvalidFormat from './expose-invalid-format.ts';
import exposeProtoCasing from './expose-proto-casing.ts';
import fileNotUtf8 from './file-not-utf8.ts';
import fromAsCasing from './from-as-casing.ts';
import fromPlatformFlagConstDisallowed from './from-platform-flag-const-disallowed.ts';
import fromScratchOnWindows from './from-scratch-on-windows.ts';
import healthcheckProgramMissing from './healthcheck-program-missing.ts';
import heredocOnWindows from './heredoc-on-windows.ts';
import installerNotAwaited from './installer-not-awaited.ts';
import invalidDefaultArgInFrom from './invalid-default-arg-in-from.ts';
import jsonArgsRecommended from './json-args-recommended.ts';
import jsonLoneBackslash from './json-lone-backslash.ts';
import lastUserAdministrator from './last-user-administrator.ts';
import legacyKeyValueFormat from './legacy-key-value-format.ts';
import linuxCommandOnWindows from './linux-command-on-windows.ts';
import machineChangeAsUser from './machine-change-as-user.ts';
import maintainerDeprecated from './maintainer-deprecated.ts';
import missingEscapeDirective from './missing-escape-directive.ts';
import mixedCommandForms from './mixed-command-forms.ts';
import mountNotOnWindows from './mount-not-on-windows.ts';
import msiexecNotSilent from './msiexec-not-silent.ts';
import multipleInstructionsDisallowed from './multiple-instructions-disallowed.ts';
import nativeExitCodeUnchecked from './native-exit-code-unchecked.ts';
import nestedPowershell from './nested-powershell.ts';
import noEmptyContinuation from './no-empty-continuation.ts';
import ownershipFlagOnWindows from './ownership-flag-on-windows.ts';
import pathJoinedWithColon from './path-joined-with-colon.ts';
import pathSwallowsNextLine from './path-swallows-next-line.ts';
import pathTooLong from './path-too-long.ts';
import powershellInNanoserver from './powershell-in-nanoserver.ts';
import powershellWithoutStop from './powershell-without-stop.ts';
import progressSlowsDownload from './progress-slows-download.ts';
import redundantTargetPlatform from './redundant-target-platform.ts';
import reservedStageName from './reserved-stage-name.ts';
import retiredDockerHubName from './retired-docker-hub-name.ts';
import secretsUsedInArgOrEnv from './secrets-used-in-arg-or-env.ts';
import semicolonInCmd from './semicolon-in-cmd.ts';
import servicingOnNanoserver from './servicing-on-nanoserver.ts';
import severalLegacyVariables from './several-legacy-variables.ts';
import severalSourcesIntoFile from './several-sources-into-file.ts';
import singleQuotesInCmd from './single-quotes-in-cmd.ts';
import stageNameCasing from './stage-name-casing.ts';
import stagesOfDifferentBuilds from './stages-of-different-builds.ts';
import startProcessHidesExitCode from './start-process-hides-exit-code.ts';
import stopsignalOnWindows from './stopsignal-on-windows.ts';
import undefinedArgInFrom from './undefined-arg-in-from.ts';
import undefinedVar from './undefined-var.ts';
import variablesDifferInCase from './variables-differ-in-case.ts';
import volumeNotEmpty from './volume-not-empty.ts';
import windowsBaseWithoutTag from './windows-base-without-tag.ts';
import workdirDriveOnly from './workdir-drive-only.ts';
import workdirRelativePath from './workdir-relative-path.ts';
import workdirWithoutDrive from './workdir-without-drive.ts';
import writeIntoVolume from './write-into-volume.ts';
import writeToDriveRoot from './write-to-drive-root.ts';

export const rules: readonly RuleDefinition[] = [
  andAndInWindowsPowershell,
  backslashLostInExpansion,
  baseImageOutOfSupport,
  cleanUpInLaterLayer,
  consistentInstructionCasing,
  continuationDefeated,
  copyIgnoredFile,
  copyOfSystemDrive,
  destinationOffSystemDrive,
  duplicateStageName,
  envPathFromEmpty,
  envPercentVariable,
  escapeAfterComment,
  exposeInvalidFormat,
  exposeProtoCasing,
  fileNotUtf8,
  fromAsCasing,
  fromPlatformFlagConstDisallowed,
  fromScratchOnWindows,
  healthcheckProgramMissing,
  heredocOnWindows,
  installerNotAwaited,
  invalidDefaultArgInFrom,
  jsonArgsRecommended,
  jsonLoneBackslash,
  lastUserAdministrator,
  legacyKeyValueFormat,
  linuxCommandOnWindows,
  machineChangeAsUser,
  maintainerDeprecated,
  missingEscapeDirective,
  mixedCommandForms,
  mountNotOnWindows,
  msiexecNotSilent,
  multipleInstructionsDisallowed,
  nativeExitCodeUnchecked,
  nestedPowershell,
  noEmptyContinuation,
  ownershipFlagOnWindows,
  pathJoinedWithColon,
  pathSwallowsNextLine,
  pathTooLong,
  powershellInNanoserver,
  powershellWithoutStop,
  progressSlowsDownload,
  redundantTargetPlatform,
  reservedStageName,
  retiredDockerHubName,
  secretsUsedInArgOrEnv,
  semicolonInCmd,
  servicingOnNanoserver,
  severalLegacyVariables,
  severalSourcesIntoFile,
  singleQuotesInCmd,
  stageNameCasing,
  stagesOfDifferentBuilds,
  startProcessHidesExitCode,
  stopsignalOnWindows,
  undefinedArgInFrom,
  undefinedVar,
  variablesDifferInCase,
  volumeNotEmpty,
  windowsBaseWithoutTag,
  workdirDriveOnly,
  workdirRelativePath,
  workdirWithoutDrive,
  writeIntoVolume,
  writeToDriveRoot,
];
