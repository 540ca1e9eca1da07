/** Whether what EXPOSE was given names a port, or a range that reaches one, which is above the last there is. */
export function isAboveLastPort(text: string): boolean {
  const range = /(?:^|:)(\d+)(?:-(\d+))?(?:\/\w*)?$/.exec(text.replace(/["']/g, ''));
  return range !== null && Math.max(Number(range[1]), Number(range[2] ?? 0)) > 65535;
}
