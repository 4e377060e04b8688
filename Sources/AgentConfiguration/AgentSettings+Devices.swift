internal import AttestationFormat
internal import ConfigurationFile
internal import LogisticsEvents

extension AgentSettings {
    static var iio: [Setting] {
        let condition = Setting.Condition("type", is: "iio")
        return [
            Setting(
                "source.*", "device", .text(maximumByteCount: 64), .refused, when: condition, example: "bme280",
                why: "The driver's name, as /sys/bus/iio/devices/*/name shows it. Numbers such as iio:device0 are not stable."),
            path(condition),
            Setting(
                "source.*", "channel", .text(maximumByteCount: 32), .refused, when: condition, example: "temp",
                why: """
                    What to read: temp, humidityrelative, pressure, accel_x, illuminance, voltage0, concentration_co2 or distance, as the \
                    files in_<channel>_input or in_<channel>_raw are named. Offset and scale are applied exactly.
                    """),
            Setting(
                "source.*", "factor", .choice(["0.001", "0.01", "0.1", "1", "10", "100", "1000"]), .unset, when: condition, example: "1000",
                why: "For a driver whose unit is not the one that the kernel documents. Not set: as the agent knows this driver."),
            devicePeriod(condition, atLeast: 100),
            sysfs(condition),
        ]
    }

    static var hwmon: [Setting] {
        let condition = Setting.Condition("type", is: "hwmon")
        return [
            Setting(
                "source.*", "device", .text(maximumByteCount: 64), .refused, when: condition, example: "sht4x",
                why: "The driver's name, as /sys/class/hwmon/*/name shows it. Numbers such as hwmon2 are not stable."),
            path(condition),
            Setting(
                "source.*", "channel", .text(maximumByteCount: 32), .defaultText("temp1"), when: condition,
                why: "What to read: temp1, humidity1 or in0, as the files <channel>_input are named; <channel>_fault is heeded."),
            devicePeriod(condition, atLeast: 100),
            sysfs(condition),
        ]
    }

    static var w1: [Setting] {
        let condition = Setting.Condition("type", is: "w1")
        return [
            Setting(
                "source.*", "device", .text(maximumByteCount: 15), .refused, when: condition, example: "28-0316a2795bff",
                why: "The DS18B20's own id, as /sys/bus/w1/devices shows it: families 10, 22, 28, 3b and 42."),
            devicePeriod(condition, atLeast: 1_000),
            sysfs(condition),
        ]
    }

    static var gpio: [Setting] {
        let condition = Setting.Condition("type", is: "gpio")
        return [
            Setting(
                "source.*", "chip", .text(maximumByteCount: 107), .refused, when: condition, example: "pinctrl-bcm2711",
                why: "The chip's label, as gpiodetect shows it, or a path that udev keeps stable. The numbers of /dev/gpiochip0 are not."),
            Setting("source.*", "line", .integer(0...65_535), .refused, when: condition, example: "17", why: "The line's offset on its chip."),
            Setting(
                "source.*", "event", .choice(["door", "case", "light", "seal"]), .defaultText("door"), when: condition,
                why: """
                    What the line becoming active means: a door opened, the gateway's case opened, light in a closed box, a seal's wire broken. \
                    A door's closing is an event too. The state at the start is recorded as a state, not as an event.
                    """),
            Setting(
                "source.*", "active-low", .flag, .defaultText("false"), when: condition,
                why: "true: the line is active at the low level, as with a contact to ground that closes when the door opens."),
            Setting(
                "source.*", "bias", .choice(["as-is", "pull-up", "pull-down", "disabled"]), .defaultText("as-is"), when: condition,
                why: "What holds the line while the contact is open, where the chip can."),
            Setting(
                "source.*", "debounce", .duration(0...10_000), .defaultText("20 ms"), when: condition,
                why: "Shorter changes are bounces; the kernel filters them. Reed contacts bounce for a few milliseconds."),
            Setting(
                "source.*", "seal", .text(maximumByteCount: 64), .unset, when: condition, example: "SN-448812",
                why: "The number of the seal that this contact watches; events name it. event = seal needs it."),
            Setting(
                "source.*", "read-point", .text(maximumByteCount: 128), .unset, when: condition,
                example: "https://id.gs1.org/414/9521234000013", why: "The GLN of the place, which events name. event = seal needs it."),
        ]
    }

    private static func path(_ condition: Setting.Condition) -> Setting {
        Setting(
            "source.*", "path", .text(maximumByteCount: 128), .unset, when: condition, example: "i2c-1/1-0044",
            why: "Parts of the device's path on its bus, where several devices have the same driver: what ls -l shows in the folder of the names.")
    }

    private static func devicePeriod(_ condition: Setting.Condition, atLeast minimum: Int64) -> Setting {
        Setting(
            "source.*", "period", .duration(minimum...day), .defaultText("1 min"), when: condition,
            why: "How often the sensor is read. Its readings carry the name of this section, and [sensor.NAME] says what becomes of them.")
    }

    private static func sysfs(_ condition: Setting.Condition) -> Setting {
        Setting("source.*", "sysfs", .path, .defaultText("/sys"), when: condition, why: "Where sysfs is mounted; containers may have it elsewhere.")
    }
}
