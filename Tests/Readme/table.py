"""What of README.md is not run word for word, and on which machine each block is run. A block that has no row here fails the test; a command that has none is run as it
stands, and has to end with 0."""

# Machines of the page, and the folder in which each one's reader is.
FOLDERS = {"alliance": "/root", "registry": "/srv/harborseal", "broker": "/srv/harborseal/Firmware-Config/systemd", "gateway": "/root", "device": "/root",
           "firm": "/srv/harborseal", "firm-gateway": "/root"}

# The machine on which a block is run, by the block's first command.
BLOCKS = {
    "export PATH=$PWD/.build/debug:$PWD/.build-embedded/release:$PATH": "alliance",
    "harborseal alliance add-node hk-1 --url https://hk-1.example.org:8480": "alliance",
    "cd Firmware-Config/systemd": "registry",
    "install -m 755 ../mosquitto/fetch-lists /usr/local/sbin/ && install -m 644 examples/harborseal-lists.* /etc/systemd/system/": "registry",
    "install -m 755 ../mosquitto/fetch-lists /usr/local/sbin/": "broker",
    "alias registry='runuser -u harborseal-registry -- harborseal'": "registry",
    "harborseal-agent enroll -": "gateway",
    "registry device list --firm acme": "registry",
    "backup=/var/lib/harborseal-registry/backup-$(date +%F-%H%M%S).sqlite": "registry",
    "systemctl stop harborseal-registry": "registry",
    "harborseal alliance add-firm bona": "alliance",
    "mkdir -p /etc/harborseal-registry/firms/bona && cp /media/stick/firms/bona/issuing.* /etc/harborseal-registry/firms/bona/": "registry",
    "harborseal alliance sign --revocation-list https://registry.bona.example:8443/crl/bona.crl": "alliance",
    "rm -rf /etc/harborseal-registry/firms/bona && systemctl restart harborseal-registry": "registry",
    "cp -r /media/stick/bona-registry/. /etc/harborseal-registry/ && cp /media/stick/bona.code /etc/harborseal-registry/firm.code": "firm",
    "est=https://registry.example.org:8443/.well-known/est": "device",
    'curl -sS --fail-with-body --cacert link-ca.crt --cert link.crt --key link.key -H "Content-Type: application/pkcs10" --data-binary @link.csr -o link.p7 '
    "$est/link/simplereenroll && openssl base64 -d -in link.p7 | openssl pkcs7 -inform DER -print_certs -out link.new && mv link.new link.crt": "device",
}

# A command's end on another machine than its block's.
ELSEWHERE = {"systemctl restart mosquitto": "broker"}

# Hosts that every machine finds at 127.0.0.1, and ports that other tests of this machine may have.
HOSTS = ["registry.example.org", "hk-1.example.org", "gz-1.example.org", "mo-1.example.org", "registry.bona.example"]
PORTS = ["8443", "8480", "8481", "8482", "8883", "8444"]

# What is run instead of a command. `{8883}` is the port that stands for it, `{now}` the time.
INSTEAD = {
    # Both programs are in /usr/bin of every machine.
    "export PATH=$PWD/.build/debug:$PWD/.build-embedded/release:$PATH": "harborseal --version && harborseal-agent version",
    "harborseal alliance broker-config -o broker --bind 127.0.0.1 --user $(id -un)":
        "harborseal alliance broker-config -o broker --bind 127.0.0.1 --port {8883} --installed-at /etc/mosquitto/harborseal",
    # "each node"
    "harborseal alliance add-node hk-1 --url https://hk-1.example.org:8480":
        "harborseal alliance add-node hk-1 --url https://hk-1.example.org:{8480} && harborseal alliance add-node gz-1 --url https://gz-1.example.org:{8481}"
        " && harborseal alliance add-node mo-1 --url https://mo-1.example.org:{8482}",
    # Another machine's port of the same number.
    "harborseal registry init --url https://registry.bona.example:8443 --firm bona --link-registry https://registry.example.org:8443 "
    "-o bona-registry --installed-at /etc/harborseal-registry":
        "harborseal registry init --url https://registry.bona.example:{8444} --firm bona --link-registry https://registry.example.org:8443"
        " -o bona-registry --installed-at /etc/harborseal-registry",
    "harborseal alliance sign --revocation-list https://registry.bona.example:8443/crl/bona.crl":
        "harborseal alliance sign --revocation-list https://registry.bona.example:{8444}/crl/bona.crl",
    # The time of the theft.
    "registry device revoke acme.gw-1 --since 2026-11-22T14:00:00Z --reason stolen": "registry device revoke acme.gw-1 --since {now} --reason stolen",
    # "one that device issue made, by its file; then link.crt"
    "registry device revoke acme.gw-1 --certificate seal.crt --since 2026-11-22T14:00:00Z":
        "registry device revoke acme.gw-1 --certificate seal.crt --since {now} && registry device revoke acme.gw-1 --certificate link.crt --since {now}",
}

# What a command ends with besides 0, and why.
CODES = {
    # A machine for tests has no time service: a warning.
    "harborseal-agent doctor": (0, 2),
}

# "for a device that has no agent, with link and then with seal": gw-2 of the imported list.
DEVICE = ("acme.gw-1", "acme.gw-2")
