/**
 * What Windows knows of a file beside its content, in the form in which a layer tar carries it (windows-layers.md 1.2).
 * All of it is kept: an import followed by an export gives the same records.
 */

/** Decimal Unix seconds with up to nine fraction digits, as in a PAX record: `1700000000.1234567`, `-1.5`. */
export type PaxTime = string;

export interface WindowsMetadata {
  /** Win32 attribute bits (`fileAttribute`). */
  readonly attributes: number;
  /** Self-relative security descriptor, base64. Absent = whatever the parent directory gives. */
  readonly securityDescriptor?: string;
  /** The same as text (SDDL), which only old images have. Counts when there is no `securityDescriptor`. */
  readonly securityText?: string;
  /** Last write time. */
  readonly modified: PaxTime;
  readonly created?: PaxTime;
  readonly accessed?: PaxTime;
  readonly changed?: PaxTime;
  /** Extended attributes: name -> base64 value. */
  readonly extendedAttributes?: Readonly<Record<string, string>>;
  /** A reparse point that is a junction or volume mount point, not a symbolic link. */
  readonly mountPoint?: boolean;
}

/** Win32 attribute bits. */
export const fileAttribute = {
  readOnly: 0x1,
  hidden: 0x2,
  system: 0x4,
  directory: 0x10,
  archive: 0x20,
  normal: 0x80,
  sparse: 0x200,
  reparsePoint: 0x400,
  compressed: 0x800,
  offline: 0x1000,
  encrypted: 0x4000,
} as const;

/** `O:BAG:SYD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;LC;;;BU)(A;CI;DC;;;BU)` */
export const directorySecurityDescriptor =
  'AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgCoAAcAAAAAAxgA/wEfAAECAAAAAAAFIAAAACACAAAAAxQA' +
  '/wEfAAEBAAAAAAAFEgAAAAAAGAD/AR8AAQIAAAAAAAUgAAAAIAIAAAALFAAAAAAQAQEAAAAAAAMAAAAAAAMYAKkAEgABAgAAAAAABSAAAAAhAgAAA' +
  'AIYAAQAAAABAgAAAAAABSAAAAAhAgAAAAIYAAIAAAABAgAAAAAABSAAAAAhAgAA';

/** `O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)` */
export const fileSecurityDescriptor =
  'AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgBMAAMAAAAAABgA/wEfAAECAAAAAAAFIAAAACACAAAAABQA' +
  '/wEfAAEBAAAAAAAFEgAAAAAAGACpABIAAQIAAAAAAAUgAAAAIQIAAA==';
