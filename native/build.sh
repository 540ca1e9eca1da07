#!/bin/sh
# Builds every prebuilt program into the folder given as the first argument (default: native/prebuilt). The same compilers
# give the same bytes: no timestamps, no paths, no build IDs. COMPILERS in the folder records which ones were used.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/prebuilt}
mkdir -p "$out/standins"
cd "$here"

gcc=${CC:-gcc}
mingw=${MINGW_CC:-x86_64-w64-mingw32-gcc}

linux_flags='-O2 -Wall -Wextra -Werror -static -nostdlib -nostartfiles -ffreestanding -fno-stack-protector
  -fno-asynchronous-unwind-tables -fno-ident -fcf-protection=none -fno-pie -no-pie
  -Wl,--build-id=none -Wl,-z,noseparate-code -s'
windows_flags='-O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-ident
  -fno-asynchronous-unwind-tables -nostdlib -s -Wl,--no-insert-timestamp'

$gcc $linux_flags -o "$out/porthole-sandbox" sandbox/*.c
$mingw $windows_flags -Wl,-e,launcher_entry -o "$out/launcher.exe" launcher/*.c -lkernel32 -lntdll
$mingw $windows_flags -shared -Wl,-e,dll_entry -Wl,--disable-auto-image-base -o "$out/standins/bcryptprimitives.dll" standins/bcryptprimitives.c \
  -lkernel32 -ladvapi32

standin_sources=$(ls standins/*.c | grep -v bcryptprimitives)
$mingw -O2 -Wall -Wextra -Werror -municode -mconsole -fno-ident -fno-asynchronous-unwind-tables -s \
  -Wl,--no-insert-timestamp -o "$out/standins/tools.exe" $standin_sources -ladvapi32 -lbcrypt

{
  $gcc --version | head -n 1
  $mingw --version | head -n 1
  ${LD:-ld} --version | head -n 1
  x86_64-w64-mingw32-ld --version | head -n 1
} > "$out/COMPILERS"
cd "$out"
sha256sum launcher.exe porthole-sandbox standins/* > SHA256SUMS
