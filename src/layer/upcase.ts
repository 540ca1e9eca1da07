const ascii = /^[\x00-\x7f]*$/;

/**
 * Folds a name as NTFS compares names: each UTF-16 unit upper-cased by itself, only where lower-casing leads back, so no
 * expansions (`ß`), no dotless i, no long s (windows-layers.md 7.4). Two names that fold alike are one name on Windows.
 */
export function foldName(name: string): string {
  if (ascii.test(name)) return name.toUpperCase();
  let folded = '';
  for (let i = 0; i < name.length; i += 1) folded += upcaseUnit(name[i]!);
  return folded;
}

function upcaseUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  if (code < 0x80) return unit.toUpperCase();
  // Surrogates are compared as they are; Georgian and Cherokee got their capitals after the NTFS table was made.
  if (
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0x10d0 && code <= 0x10ff) ||
    (code >= 0xab70 && code <= 0xabbf)
  )
    return unit;
  const upper = unit.toUpperCase();
  return upper.length === 1 && upper.toLowerCase() === unit ? upper : unit;
}
