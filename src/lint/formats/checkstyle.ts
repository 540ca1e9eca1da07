import { escapeXml } from './xml.ts';
import type { Format } from './report.ts';

/** Checkstyle XML, as CI servers read it. It knows no `style` severity: that is `info`. */
export const formatCheckstyle: Format = (reports) => {
  const files = reports.map(({ file, findings }) => {
    const errors = findings.map(
      ({ line, column, level, message, code }) =>
        `<error line="${line}" column="${column}" severity="${level === 'style' ? 'info' : level}" ` +
        `message="${escapeXml(message)}" source="${escapeXml(code)}"/>`,
    );
    return `<file name="${escapeXml(file)}">${errors.join('')}</file>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">${files.join('')}</checkstyle>\n`;
};
