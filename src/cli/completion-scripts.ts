/**
 * What `porthole completion SHELL` prints. The scripts ask `porthole __complete`, which answers one `value<TAB>tooltip` a line
 * and a last line `:files` where file names are wanted, else `:end`.
 */
export const shells = ['bash', 'powershell', 'zsh'] as const;
export type Shell = (typeof shells)[number];

const name = /^[A-Za-z0-9_.-]+$/;

/** Other names that the shell knows the program by; anything else would be code in the script. */
export function isProgramName(text: string): boolean {
  return name.test(text);
}

const bash = (programs: readonly string[]): string => `# bash completion for porthole
_porthole_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line value
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) compopt -o default 2>/dev/null; return ;;
      :end) ;;
      *)
        value="\${line%%$'\\t'*}"
        COMPREPLY+=("$(printf '%q' "$value")")
        ;;
    esac
  done < <(porthole __complete --line "\${COMP_LINE:0:COMP_POINT}" --breaks "$COMP_WORDBREAKS" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _porthole_complete ${programs.join(' ')}
`;

const zsh = (programs: readonly string[]): string => `#compdef ${programs.join(' ')}
_porthole() {
  local line files=0
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :files) files=1 ;;
      :end) ;;
      *) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <(porthole __complete -- "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  if (( files )); then _files; else _describe 'porthole' candidates; fi
}
compdef _porthole ${programs.join(' ')}
`;

const powershell = (programs: readonly string[]): string => `# PowerShell completion for porthole
Register-ArgumentCompleter -Native -CommandName ${programs.map((program) => `'${program}'`).join(', ')} -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        Select-Object -Skip 1 |
        ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
    # Windows PowerShell drops empty arguments of programs, so an empty last word is told by a flag.
    $options = @('__complete')
    if ($wordToComplete -eq '') { $options += '--empty' }
    $lines = @(porthole @options '--' @words 2>$null)
    if ($lines -contains ':files') { return }
    $found = $false
    foreach ($line in $lines) {
        if ($line -eq ':end' -or $line -eq '') { continue }
        $value, $tooltip = $line -split "\`t", 2
        if (-not $tooltip) { $tooltip = $value }
        $text = if ($value -match '[\\s''"$&|;(){},\`@#]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        $kind = if ($value.StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
        $found = $true
        [System.Management.Automation.CompletionResult]::new($text, $value, $kind, $tooltip)
    }
    # Nothing at all would make PowerShell offer file names.
    if (-not $found) { '' }
}
`;

/** The script for a shell; it completes \`porthole\` and the aliases. */
export function completionScript(shell: Shell, aliases: readonly string[]): string {
  const programs = ['porthole', ...aliases];
  switch (shell) {
    case 'bash':
      return bash(programs);
    case 'zsh':
      return zsh(programs);
    case 'powershell':
      return powershell(programs);
  }
}
