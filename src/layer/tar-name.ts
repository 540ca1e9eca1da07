import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

/**
 * Text of a name's bytes. Lone UTF-16 surrogates of Windows names arrive as bytes that are no UTF-8: such a component
 * becomes its lossy text with `~` and eight hex digits of its SHA-256, so that two of them never meet, and the bytes are
 * given back for the sidecar (windows-layers.md 7.5).
 */
export function decodeTarName(name: Buffer): { text: string; raw: Buffer | undefined } {
  if (isAscii(name)) return { text: name.toString('latin1', 0, name.length), raw: undefined };
  return isUtf8(name) ? { text: name.toString('utf8'), raw: undefined } : decodeBytes(name);
}

function decodeBytes(bytes: Buffer): { text: string; raw: Buffer } {
  const parts: string[] = [];
  let start = 0;
  for (;;) {
    const slash = bytes.indexOf(0x2f, start);
    const part = bytes.subarray(start, slash < 0 ? bytes.length : slash);
    parts.push(isUtf8(part) ? part.toString('utf8') : `${part.toString('utf8')}~${shortHash(part)}`);
    if (slash < 0) break;
    start = slash + 1;
  }
  return { text: parts.join('/'), raw: Buffer.from(bytes) };
}

function isAscii(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i]! > 127) return false;
  return true;
}

function shortHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}
