#!/usr/bin/env bash
# install.sh PREFIX: installs ntk-dist below PREFIX, for example ~/.local or /opt/ntk-dist.
set -euo pipefail
if [ $# -ne 1 ]; then
  echo "usage: install.sh PREFIX, for example install.sh ~/.local" >&2
  exit 64
fi
here=$(cd "$(dirname "$0")" && pwd)
if ! mkdir -p "$1" 2>/dev/null || [ ! -w "$1" ]; then
  echo "install.sh: $1 cannot be written; choose another prefix, or ask an administrator" >&2
  exit 73
fi
prefix=$(cd "$1" && pwd)
# Another version that is running keeps its files until it ends.
rm -rf "$prefix/lib/ntk-dist" "$prefix/share/ntk-dist" "$prefix/share/doc/ntk-dist"
cp -r "$here"/{bin,lib,share} "$prefix/"
sed -i "s|@PREFIX@|$prefix|" "$prefix/share/ntk-dist/modulefile"
echo "installed $prefix/bin/ntk-dist; a module file is $prefix/share/ntk-dist/modulefile"
missing=$(ldd "$prefix"/bin/ntk-dist "$prefix"/lib/ntk-dist/*.so | sed -n 's/^\s*\(.*\) => not found$/\1/p' | sort -u)
if [ -n "$missing" ]; then
  echo "install.sh: this machine lacks" $missing"; on Debian, install openmpi-bin, libscalapack-openmpi2.2 and" \
    "libopenblas0, elsewhere load your site's modules before you start the program" >&2
fi
