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
# Beside what is there, and then in its place. A run that is active needs the files of its own version: install
# into another prefix while one runs.
stage=$(mktemp -d "$prefix/.ntk-dist.XXXXXX")
trap 'rm -rf "$stage"' EXIT
cp -r "$here"/{bin,lib,share} "$stage/"
escaped=$(printf '%s' "$prefix" | sed 's/[&|\\]/\\&/g')
sed -i "s|@PREFIX@|$escaped|" "$stage/share/ntk-dist/modulefile"
for folder in lib/ntk-dist share/ntk-dist share/doc/ntk-dist; do
  mkdir -p "$prefix/$(dirname "$folder")" "$stage/old/$(dirname "$folder")"
  if [ -e "$prefix/$folder" ]; then mv -T "$prefix/$folder" "$stage/old/$folder"; fi
  mv -T "$stage/$folder" "$prefix/$folder"
done
cp -r "$stage/share" "$prefix/"
mkdir -p "$prefix/bin"
mv -f "$stage/bin/ntk-dist" "$prefix/bin/ntk-dist"
echo "installed $prefix/bin/ntk-dist; a module file is $prefix/share/ntk-dist/modulefile"
if ! problem=$("$prefix/bin/ntk-dist" --version 2>&1 >/dev/null); then
  echo "install.sh: it does not start here: $problem" >&2
  echo "install.sh: it needs the MPI, ScaLAPACK and BLAS that it was built with, and a C library at least as new" >&2
fi
