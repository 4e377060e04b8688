#!/bin/sh
# Copies the bill of materials out of each package of a folder, and prints where it lies. usage: extract.sh FOLDER
set -eu
for package in "$1"/*.deb; do
    sbom=${package%.deb}.cdx.json
    dpkg-deb --fsys-tarfile "$package" | tar -xO "./usr/share/doc/$(dpkg-deb -f "$package" Package)/sbom.cdx.json.gz" | gunzip >"$sbom"
    echo "$sbom"
done
