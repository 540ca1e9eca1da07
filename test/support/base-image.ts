/**
 * Base images for tests, shaped like Windows' own (Files, Hives, UtilityVM entries with Windows' records, os.version), made
 * of our own content only: no program of Microsoft's is in them. On Linux the programs come from the Wine template.
 */
import { gzipSync } from 'node:zlib';
import { LayerTar } from './layer-tar.ts';
import { minimalHive } from './minimal-hive.ts';
import { OciLayout, digestOf, mediaTypes } from './oci-layout.ts';
import type { LayoutImage, LayoutLayer } from './oci-layout.ts';

export type BaseImageVariant = 'nanoserver' | 'servercore';

export const baseOsVersion = '10.0.20348.2227';

const created = '2022-03-01T00:00:00Z';
const hives = ['DEFAULT', 'SAM', 'SECURITY', 'SOFTWARE', 'SYSTEM'];

/** Layer tars of a variant, base first. The same bytes every time. */
export function baseImageLayers(variant: BaseImageVariant): Buffer[] {
  return variant === 'nanoserver' ? [baseLayer(variant)] : [baseLayer(variant), updateLayer()];
}

/** Writes the image as an OCI layout with one tag (`ltsc2022`). `folder` is made. */
export function writeBaseImage(folder: string, variant: BaseImageVariant): LayoutImage {
  const layout = new OciLayout(folder);
  const layers = baseImageLayers(variant).map((tar): LayoutLayer => {
    const blob = layout.blob(mediaTypes.gzipLayer, gzipSync(tar, { level: 6 }));
    return { ...blob, diffId: digestOf(tar) };
  });
  const platform = { architecture: 'amd64', os: 'windows', 'os.version': baseOsVersion };
  return layout.image('ltsc2022', platform, imageConfig(variant), layers);
}

function imageConfig(variant: BaseImageVariant): Record<string, unknown> {
  const history = [{ created, created_by: `Apply image ${baseOsVersion}` }];
  if (variant === 'servercore') history.push({ created, created_by: `Install update ${baseOsVersion}` });
  return {
    created,
    config: {
      ...(variant === 'nanoserver'
        ? { User: 'ContainerUser', Env: ['PATH=C:\\Windows\\system32;C:\\Windows;'] }
        : {}),
      Cmd: ['c:\\windows\\system32\\cmd.exe'],
    },
    history,
  };
}

function baseLayer(variant: BaseImageVariant): Buffer {
  const tar = new LayerTar();
  tar.directory('Files');
  tar.file('Files/License.txt', `Porthole test image: ${variant}\r\nNo files of Microsoft's.\r\n`);
  tar.directory('Files/Program Files').directory('Files/Program Files/Common Files');
  tar.directory('Files/Program Files (x86)');
  tar.directory('Files/ProgramData', { attributes: 0x2012 });
  tar.directory('Files/Users', { attributes: 0x11 });
  for (const user of ['ContainerAdministrator', 'ContainerUser', 'Public']) {
    tar.directory(`Files/Users/${user}`);
    tar.directory(`Files/Users/${user}/AppData`, { attributes: 0x12 });
    tar.directory(`Files/Users/${user}/AppData/Local`);
    tar.directory(`Files/Users/${user}/AppData/Local/Temp`);
    tar.directory(`Files/Users/${user}/AppData/Roaming`);
  }
  tar.symlink('Files/Users/All Users', 'C:\\ProgramData', { attributes: 0x416, mountPoint: true });
  tar
    .directory('Files/Windows')
    .directory('Files/Windows/System32')
    .directory('Files/Windows/System32/config');
  for (const hive of hives) tar.file(`Files/Windows/System32/config/${hive}`, minimalHive(hive));
  tar.directory('Files/Windows/System32/drivers').directory('Files/Windows/System32/drivers/etc');
  tar.file('Files/Windows/System32/drivers/etc/hosts', '# hosts of the test image\r\n');
  tar.file('Files/Windows/System32/drivers/etc/services', 'http 80/tcp\r\nhttps 443/tcp\r\n');
  tar.file('Files/Windows/System32/porthole-base.txt', `${variant} ${baseOsVersion}\r\n`, {
    attributes: 0x21,
  });
  tar.stream('Files/Windows/System32/porthole-base.txt', 'Zone.Identifier', '[ZoneTransfer]\r\nZoneId=0\r\n');
  tar.directory('Files/Windows/Temp').directory('Files/Windows/WinSxS');
  const component = `Files/Windows/WinSxS/amd64_porthole-base_${baseOsVersion}_none_0123456789abcdef`;
  tar.directory(component).file(`${component}/component.manifest`, '<assembly/>\r\n');
  tar.hardLink('Files/Windows/System32/component.manifest', `${component}/component.manifest`);
  if (variant === 'servercore') {
    tar.directory('Files/Windows/SysWOW64').directory('Files/inetpub').directory('Files/inetpub/wwwroot');
    tar.file('Files/inetpub/wwwroot/default.htm', '<p>servercore</p>\r\n');
  }
  tar.directory('Hives');
  tar.directories('UtilityVM/Files/EFI/Microsoft/Boot');
  tar.file('UtilityVM/Files/EFI/Microsoft/Boot/BCD', minimalHive('NewStoreRoot'));
  tar.directory('UtilityVM/Files/Windows');
  tar.file('UtilityVM/Files/Windows/bootstat.dat', Buffer.alloc(4096), { attributes: 0x26 });
  return tar.bytes();
}

/** What a monthly update brings: changed files, a whiteout, registry deltas. */
function updateLayer(): Buffer {
  const tar = new LayerTar().directories('Files/Windows/System32');
  tar.whiteout('Files/Windows/System32/component.manifest');
  tar.file('Files/Windows/System32/porthole-update.txt', `update ${baseOsVersion}\r\n`);
  tar.directory('Hives');
  for (const hive of ['DefaultUser', 'Sam', 'Security', 'Software', 'System'])
    tar.file(`Hives/${hive}_Delta`, minimalHive('ROOT'));
  return tar.bytes();
}
