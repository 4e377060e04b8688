# Installs the prebuilt agent; see ../../README.md. Not built here.
SUMMARY = "Makes provable what happened to a shipment: the gateway's agent"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = " \
    file://harborseal-agent-${TARGET_ARCH} \
    file://agent.conf \
    file://harborseal-agent.service \
    file://harborseal-agent.tmpfiles \
"
S = "${WORKDIR}"

inherit systemd useradd

COMPATIBLE_HOST = "(aarch64|arm).*-linux"
RDEPENDS:${PN} = "libmosquitto1 mbedtls inih"

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --home-dir /var/lib/harborseal --no-create-home --shell /sbin/nologin --user-group harborseal"
SYSTEMD_SERVICE:${PN} = "harborseal-agent.service"

# Built and stripped elsewhere, by another compiler than this one.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"
INSANE_SKIP:${PN} += "already-stripped ldflags"

do_install() {
    install -D -m 0755 ${WORKDIR}/harborseal-agent-${TARGET_ARCH} ${D}${bindir}/harborseal-agent
    install -D -m 0644 ${WORKDIR}/agent.conf ${D}${sysconfdir}/harborseal/agent.conf
    install -D -m 0644 ${WORKDIR}/harborseal-agent.service ${D}${systemd_system_unitdir}/harborseal-agent.service
    install -D -m 0644 ${WORKDIR}/harborseal-agent.tmpfiles ${D}${nonarch_libdir}/tmpfiles.d/harborseal-agent.conf
    install -d ${D}${sysconfdir}/harborseal/agent.conf.d
}

CONFFILES:${PN} = "${sysconfdir}/harborseal/agent.conf"
FILES:${PN} += "${nonarch_libdir}/tmpfiles.d"
