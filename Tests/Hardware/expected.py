"""What each overlay of Hardware/overlays must put into a tree: path, property, value. A value that starts with `->` is a reference: to the node of that
path, with the cells that follow. Written from the boards' pages, not from the overlays."""

TPM = ["infineon,slb9670", "tcg,tpm_tis-spi"]


def chips(bus, more=()):
    """The two chips that every board has on its I2C bus."""
    return [
        (bus, "status", "okay"),
        (f"{bus}/humidity@44", "compatible", "sensirion,sht4x"),
        (f"{bus}/humidity@44", "reg", 0x44),
        (f"{bus}/accelerometer@53", "compatible", "adi,adxl345"),
        (f"{bus}/accelerometer@53", "reg", 0x53),
        *more,
    ]


def tpm(bus, select, pins=None):
    """A TPM at that chip select, with the pins that the overlay itself muxes."""
    facts = [
        (bus, "status", "okay"),
        (f"{bus}/tpm@{select}", "compatible", " ".join(TPM)),
        (f"{bus}/tpm@{select}", "reg", select),
        (f"{bus}/tpm@{select}", "spi-max-frequency", 10_000_000),
    ]
    return facts + ([(bus, "pinctrl-0", f"->{pins}")] if pins else [])


def onewire(controller, line, pins=None):
    """A 1-Wire master on an open-drain line."""
    facts = [("/onewire", "compatible", "w1-gpio"), ("/onewire", "gpios", f"->{controller} {line} 6")]
    return facts + ([("/onewire", "pinctrl-0", f"->{pins}")] if pins else [])


CM4_GPIO = "/soc/gpio@7e200000"
BBB_SLOW = "/ocp/interconnect@48000000/segment@0"
BBB_FAST = "/ocp/interconnect@48000000/segment@100000"
BBB_MUX = "/ocp/interconnect@44c00000/segment@200000/target-module@10000/scm@0/pinmux@800"
BBB_GPIO1 = f"{BBB_SLOW}/target-module@4c000/gpio@0"
EVK_MUX = "/soc@0/bus@30000000/pinctrl@30330000"
EVK_GPIO3 = "/soc@0/bus@30000000/gpio@30220000"
EVK_SPBA = "/soc@0/bus@30800000/spba-bus@30800000"
IOT_MCU = "/bus@100000/bus@28380000"
IOT_WAKE = f"{IOT_MCU}/bus@42040000"
IOT_EXPANDER = f"{IOT_MCU}/i2c@40b00000/gpio@21"
SEGIN_GPIO1 = "/soc/bus@2000000/gpio@209c000"
SEGIN_MUX = "/soc/bus@2000000/pinctrl@20e0000"
SEGIN_SNVS = "/soc/bus@2200000/pinctrl@2290000"

EXPECTED = {
    "cm4-i2c": chips("/soc/i2c@7e804000"),
    "cm4-onewire": onewire(CM4_GPIO, 4),
    "cm4-gnss": [
        ("/soc/serial@7e201a00", "status", "okay"),
        ("/soc/serial@7e201a00", "pinctrl-0", f"->{CM4_GPIO}/harborseal-gnss-pins"),
        (f"{CM4_GPIO}/harborseal-gnss-pins", "brcm,pins", "12 13"),
        ("/pps-gnss", "gpios", f"->{CM4_GPIO} 18 0"),
    ],
    "cm4-tpm": tpm("/soc/spi@7e204000", 1) + [
        ("/soc/spi@7e204000", "cs-gpios", f"->{CM4_GPIO} 8 1 ->{CM4_GPIO} 7 1"),
        ("/soc/spi@7e204000", "pinctrl-0", f"->{CM4_GPIO}/harborseal-spi-pins ->{CM4_GPIO}/harborseal-select-pins"),
    ],
    "bbb-i2c": chips(f"{BBB_FAST}/target-module@9c000/i2c@0"),
    "bbb-onewire": onewire(BBB_GPIO1, 28, f"{BBB_MUX}/harborseal-onewire-pins"),
    "bbb-contacts": [
        (BBB_GPIO1, "pinctrl-0", f"->{BBB_MUX}/harborseal-contact-pins"),
        (f"{BBB_MUX}/harborseal-contact-pins", "pinctrl-single,pins", f"{0x44} {0x30} 7 {0x34} {0x30} 7"),
    ],
    "bbb-gnss": [
        (f"{BBB_FAST}/target-module@a8000/serial@0", "status", "okay"),
        (f"{BBB_FAST}/target-module@a8000/serial@0", "pinctrl-0", f"->{BBB_MUX}/harborseal-gnss-pins"),
        ("/pps-gnss", "gpios", f"->{BBB_GPIO1} 16 0"),
    ],
    "bbb-tpm": tpm(f"{BBB_SLOW}/target-module@30000/spi@0", 0, f"{BBB_MUX}/harborseal-spi-pins"),
    "imx8mm-evk-i2c": chips("/soc@0/bus@30800000/i2c@30a40000"),
    "imx8mm-evk-onewire": onewire(EVK_GPIO3, 20, f"{EVK_MUX}/harborseal-onewire-grp"),
    "imx8mm-evk-contacts": [
        (EVK_GPIO3, "pinctrl-0", f"->{EVK_MUX}/harborseal-contact-grp"),
        (f"{EVK_MUX}/harborseal-contact-grp", "fsl,pins",
         f"{0x148} {0x3b0} 0 5 0 {0x1c0} {0x14c} {0x3b4} 0 5 0 {0x1c0}"),
    ],
    "imx8mm-evk-gnss": [
        (f"{EVK_SPBA}/serial@30880000", "status", "okay"),
        (f"{EVK_SPBA}/serial@30880000", "pinctrl-0", f"->{EVK_MUX}/harborseal-gnss-grp"),
    ],
    "imx8mm-evk-tpm": tpm(f"{EVK_SPBA}/spi@30830000", 0, f"{EVK_MUX}/harborseal-spi-grp") + [
        (f"{EVK_SPBA}/spi@30830000", "cs-gpios", "->/soc@0/bus@30000000/gpio@30240000 13 1"),
    ],
    "iot2050-i2c": chips("/bus@100000/i2c@2020000", [
        ("/bus@100000/i2c@2020000/onewire@1b", "compatible", "maxim,ds2482"),
        (f"{IOT_WAKE}/gpio@42110000/harborseal-i2c-switch-hog", "gpios", "21 0"),
        (f"{IOT_WAKE}/gpio@42110000/harborseal-i2c-switch-hog", "output-low", ""),
    ]),
    "iot2050-contacts": [
        ("/bus@100000/gpio@600000", "pinctrl-0", "->/bus@100000/pinctrl@11c000/harborseal-contact-pins"),
        ("/bus@100000/pinctrl@11c000/harborseal-contact-pins", "pinctrl-single,pins", f"{0x8c} {0x64007} {0x98} {0x64007}"),
        (f"{IOT_EXPANDER}/harborseal-d5-direction-hog", "output-low", ""),
        (f"{IOT_EXPANDER}/harborseal-d5-direction-hog", "gpios", "5 0"),
        (f"{IOT_EXPANDER}/harborseal-d6-direction-hog", "output-low", ""),
        (f"{IOT_EXPANDER}/harborseal-d6-direction-hog", "gpios", "6 0"),
    ],
    "iot2050-gnss": [
        (f"{IOT_MCU}/serial@40a00000", "status", "okay"),
        (f"{IOT_EXPANDER}/harborseal-d0-direction-hog", "output-low", ""),
        (f"{IOT_EXPANDER}/harborseal-d0-direction-hog", "gpios", "0 0"),
        (f"{IOT_EXPANDER}/harborseal-d1-direction-hog", "output-high", ""),
        (f"{IOT_EXPANDER}/harborseal-d1-direction-hog", "gpios", "1 0"),
    ],
    "iot2050-tpm": tpm(f"{IOT_MCU}/spi@40300000", 0, f"{IOT_WAKE}/pinctrl@4301c000/harborseal-spi-pins") + [
        (f"{IOT_EXPANDER}/harborseal-spi-out-hog", "gpios", "10 0 11 0 13 0"),
        (f"{IOT_EXPANDER}/harborseal-spi-in-hog", "gpios", "12 0"),
    ],
    "segin-i2c": chips("/soc/bus@2100000/i2c@21a0000"),
    "segin-onewire": onewire(SEGIN_GPIO1, 1, f"{SEGIN_MUX}/harborseal-onewire-grp"),
    "segin-contacts": [
        ("/soc/bus@2000000/gpio@20ac000", "pinctrl-0", f"->{SEGIN_SNVS}/harborseal-contact-grp"),
        (f"{SEGIN_SNVS}/harborseal-contact-grp", "fsl,pins", f"8 {0x4c} 0 5 0 {0x1b0b0}"),
    ],
    "segin-tpm": tpm("/soc/bus@2000000/spba-bus@2000000/spi@2010000", 0),
}
