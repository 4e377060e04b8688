# Sourced by scripts that need Debian packages of another architecture or release.
#
# The machine's own package system is left as it is: apt works with lists, status and cache of its own inside a folder,
# because a foreign architecture added to the machine breaks its upgrades whenever a mirror is in the middle of a sync.

# foreign_apt_open ARCH SUITE FOLDER: prepares the folder (emptied first) and reads the package lists.
foreign_apt_open() {
    foreign_arch=$1 foreign_folder=$3
    rm -rf "$foreign_folder"
    mkdir -p "$foreign_folder/lists/partial" "$foreign_folder/cache/archives/partial" "$foreign_folder/etc"
    touch "$foreign_folder/status"
    foreign_folder=$(cd "$foreign_folder" && pwd)
    # The machine's own mirror, with the release that is asked for. Its signatures are checked as everywhere else.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
    [ -n "$mirror" ] || { echo "$0: apt-get has no package source; run 'apt-get update' once" >&2; exit 69; }
    foreign_suite=$2
    # While a mirror takes over a point release, the lists that one name of the release leads to may not fit its signature:
    # the other name's lists, signed as well, are the last point release then. What they call themselves is checked.
    for foreign_name in "$2" oldstable stable; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $foreign_name main" >"$foreign_folder/etc/sources.list"
        ! foreign_apt_reads_lists || return 0
    done
    foreign_apt_failed update
}

# Whether the lists in sources.list can be read, and are of the release that was asked for.
foreign_apt_reads_lists() {
    foreign_apt_quietly update &&
        grep -qx "Codename: $foreign_suite" "$foreign_folder"/lists/*Release
}

# foreign_apt WORD...: apt-get for that architecture and release. What it says goes to the folder's log; shown when it fails.
foreign_apt() {
    foreign_apt_quietly "$@" || foreign_apt_failed "$1"
}

foreign_apt_quietly() {
    apt-get -q -o APT::Architecture="$foreign_arch" -o APT::Architectures::="$foreign_arch" -o APT::Sandbox::User=root \
        -o Dir::State::Lists="$foreign_folder/lists" -o Dir::State::status="$foreign_folder/status" \
        -o Dir::Cache="$foreign_folder/cache" -o Dir::Etc::SourceList="$foreign_folder/etc/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Acquire::Retries=3 -o APT::Update::Error-Mode=any "$@" >"$foreign_folder/log" 2>&1
}

foreign_apt_failed() {
    echo "$0: apt-get $1 for $foreign_arch failed:" >&2
    tail -n 5 "$foreign_folder/log" >&2
    exit 69
}

# foreign_apt_unpack TARGET: unpacks all that was downloaded. TARGET/.debian/status has what dpkg would know of the packages,
# TARGET/.debian/shlibs says which package gives which library ("SONAME-LESS-VERSION VERSION DEPENDENCY" a line).
foreign_apt_unpack() {
    mkdir -p "$1/.debian"
    # Releases with merged /usr have these links from base-files or from the installer; the loader's own path begins with one.
    for name in bin sbin lib lib64; do
        mkdir -p "$1/usr/$name"
        [ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name"
    done
    for package in "$foreign_folder"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$1" --keep-directory-symlink --no-same-owner
        dpkg-deb -f "$package" | sed '1a Status: install ok installed' >>"$1/.debian/status"
        echo >>"$1/.debian/status"
        dpkg-deb --ctrl-tarfile "$package" | tar -xO ./shlibs 2>/dev/null >>"$1/.debian/shlibs" || true
    done
}
